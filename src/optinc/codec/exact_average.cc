#include "optinc/codec/exact_average.h"

#include <algorithm>
#include <array>
#include <cstddef>

#include "optinc/base/error.h"
#include "optinc/codec/pam4.h"

namespace optinc::codec {

void exact_averages(std::span<const std::span<const std::uint32_t>> server_codes, int ports, int bits,
                    Rounding rounding, const RoundingBits& rounding_bits, std::uint64_t first_element,
                    std::span<std::uint32_t> averages) {
  base::require(bits >= kMinBits && bits <= kMaxBits, "bits {}: expected {} to {}", bits, kMinBits, kMaxBits);
  base::require(ports >= 1, "ports {}: expected at least 1", ports);
  base::require(!server_codes.empty() && server_codes.size() <= static_cast<std::size_t>(ports),
                "codes of {} servers: expected 1 to {}, the ports of the device", server_codes.size(), ports);
  for (std::size_t server = 0; server < server_codes.size(); ++server) {
    base::require(server_codes[server].size() == averages.size(), "server {}: {} codes: expected {}", server,
                  server_codes[server].size(), averages.size());
  }

  const std::uint64_t idle_sum = (ports - server_codes.size()) * std::uint64_t{zero_code(bits)};
  constexpr std::size_t kTile = 512;
  std::array<std::uint64_t, kTile> sums;
  for (std::size_t begin = 0; begin < averages.size(); begin += kTile) {
    const std::size_t count = std::min(kTile, averages.size() - begin);
    std::fill_n(sums.begin(), count, idle_sum);
    for (const std::span<const std::uint32_t> codes : server_codes) {
      for (std::size_t i = 0; i < count; ++i) sums[i] += codes[begin + i];
    }
    std::uint32_t bit_word = 0;
    for (std::size_t i = 0; i < count; ++i) {
      const std::uint64_t element = first_element + begin + i;
      if (rounding == Rounding::nearest_unbiased && (i == 0 || element % 32 == 0)) {
        bit_word = rounding_bits.word(element / 32);
      }
      averages[begin + i] = exact_average(sums[i], ports, rounding, static_cast<int>(bit_word >> (element % 32) & 1u));
    }
  }
}

}  // namespace optinc::codec
