// The oracle: the average that the device must give, in integers. Everything else is checked against this.
#pragma once

#include <cstdint>
#include <span>

#include "optinc/codec/rounding.h"

namespace optinc::codec {

/// floor((sum + constant light) / ports): the quantised average of `ports` codes with that sum.
/// `bit` is the rounding bit of the element (only nearest_unbiased uses it).
constexpr std::uint32_t exact_average(std::uint64_t sum, int ports, Rounding rounding, int bit) {
  return static_cast<std::uint32_t>((sum + constant_light_steps(rounding, ports, bit)) / ports);
}

/// The averages of whole streams of codes. server_codes: one span [n] a server in use (1 .. ports of them); each idle
/// port counts as zero_code(bits). `first_element` is the index of element 0 in the stream of rounding bits.
/// averages: [n]. Throws base::InputError for bits out of range, no server, more servers than ports or unequal lengths.
void exact_averages(std::span<const std::span<const std::uint32_t>> server_codes, int ports, int bits,
                    Rounding rounding, const RoundingBits& rounding_bits, std::uint64_t first_element,
                    std::span<std::uint32_t> averages);

}  // namespace optinc::codec
