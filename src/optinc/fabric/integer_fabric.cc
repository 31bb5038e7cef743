#include "optinc/fabric/integer_fabric.h"

#include <vector>

#include "optinc/base/error.h"
#include "optinc/base/parallel.h"
#include "optinc/codec/packed_average.h"
#include "optinc/codec/pam4.h"

namespace optinc::fabric {

IntegerFabric::IntegerFabric(int ports, int bits, codec::Rounding rounding, int threads)
    : ports_(ports), bits_(bits), rounding_(rounding), threads_(threads) {
  base::require(ports >= 1, "ports {}: expected at least 1", ports);
  base::require(bits >= codec::kMinBits && bits <= codec::kMaxBits, "bits {}: expected {} to {}", bits, codec::kMinBits,
                codec::kMaxBits);
  base::require(threads >= 0, "threads {}: expected 0 (all) or more", threads);
}

void IntegerFabric::average(std::span<const std::span<const std::uint8_t>> server_symbols, std::size_t count,
                            const codec::RoundingBits& rounding_bits, std::uint64_t first_element,
                            std::span<std::uint8_t> result) const {
  constexpr std::size_t kGrain = std::size_t{1} << 16;  // a multiple of 4: parts start on whole bytes
  if (threads_ == 1 || count <= kGrain) {
    codec::exact_averages_packed(server_symbols, count, ports_, bits_, rounding_, rounding_bits, first_element, result);
    return;
  }
  base::parallel_for(count, kGrain, threads_, [&](std::size_t begin, std::size_t end, int) {
    const std::size_t first_byte = codec::packed_bytes(begin, bits_), bytes = codec::packed_bytes(end - begin, bits_);
    std::vector<std::span<const std::uint8_t>> part;
    for (const std::span<const std::uint8_t> symbols : server_symbols)
      part.push_back(symbols.subspan(first_byte, bytes));
    codec::exact_averages_packed(part, end - begin, ports_, bits_, rounding_, rounding_bits, first_element + begin,
                                 result.subspan(first_byte, bytes));
  });
}

}  // namespace optinc::fabric
