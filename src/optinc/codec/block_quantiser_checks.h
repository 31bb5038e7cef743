// What the two implementations of the block quantiser (vector and reference) share: limits and the checks of arguments.
#pragma once

#include <cstddef>
#include <cstdint>

#include "optinc/codec/block_quantiser.h"

namespace optinc::codec {

/// The bits of every element of a non-finite block.
inline constexpr std::uint32_t kNanBits = 0x7FC00000;
/// Keeps q * step * gain far from the ends of double's range.
inline constexpr double kLargestGain = 65536;

/// The largest |q|, 2^(B-1) - 1.
constexpr std::int32_t largest_quantum(int bits) {
  return static_cast<std::int32_t>(~std::uint32_t{0} >> (33 - bits));
}

/// All throw base::InputError.
void check_lengths(std::size_t values, std::size_t scales, const QuantiserOptions& options);
void check_lengths(std::size_t values, std::size_t scales, std::size_t codes, const QuantiserOptions& options);
void check_gain(double gain);

}  // namespace optinc::codec
