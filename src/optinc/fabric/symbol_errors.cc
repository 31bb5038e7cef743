#include "optinc/fabric/symbol_errors.h"

#include <cmath>

#include "optinc/base/error.h"
#include "optinc/codec/pam4.h"

namespace optinc::fabric {

SymbolErrors::SymbolErrors(const Fabric& fabric, double rate, std::uint64_t seed)
    : fabric_(fabric), rate_(rate), stream_(seed, 0x73796d626f6c7320) {  // stream "symbols " in ASCII
  base::require(rate >= 0 && rate <= 1, "symbol error rate {}: expected 0 .. 1", rate);
}

void SymbolErrors::average(std::span<const std::span<const std::uint8_t>> server_symbols, std::size_t count,
                           const codec::RoundingBits& rounding_bits, std::uint64_t first_element,
                           std::span<std::uint8_t> result) const {
  fabric_.average(server_symbols, count, rounding_bits, first_element, result);
  const std::size_t symbols = codec::symbols_per_code(bits());
  const bool odd = bits() % 2 != 0;
  std::uint64_t errors = 0;
  for (std::size_t at = 0; at < count * symbols; ++at) {
    const std::uint64_t place = first_element * symbols + at;
    if (stream_.uniform(2 * place) >= rate_) continue;
    const int shift = 6 - 2 * static_cast<int>(at % 4);
    const int level = result[at / 4] >> shift & 3;
    // With odd bits the most significant symbol has two levels.
    const int top = odd && at % symbols == 0 ? 1 : 3;
    const bool up = level == 0 || (level < top && stream_.word(2 * place + 1) % 2 != 0);
    const int wrong = up ? level + 1 : level - 1;
    result[at / 4] = static_cast<std::uint8_t>((result[at / 4] & ~(3 << shift)) | wrong << shift);
    ++errors;
  }
  errors_ += errors;
}

}  // namespace optinc::fabric
