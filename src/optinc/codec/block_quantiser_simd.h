// The inner loops of the block quantiser, over one block or a part of one, in vectors: the best of the instruction sets
// that were compiled in is chosen when the program runs. All of them give the same bits: every operation is IEEE-754's,
// and each element is computed alone.
#pragma once

#include <array>
#include <cstdint>
#include <span>

namespace optinc::codec::simd {

/// The largest bit pattern of |x|, as an integer: 0 for no values; above 0x7F800000 when there is a NaN.
std::uint32_t largest_magnitude(std::span<const float> values);

/// values [n] -> codes [n] = round-half-even(x / step), clipped, + 2^(B-1). step > 0. A NaN becomes 2^(B-1).
void quantise_half_even(std::span<const float> values, double step, int bits, std::span<std::uint32_t> codes);

/// One random word an element, for a part of a block; a whole number of vectors, whatever their length.
using WordTile = std::array<std::uint32_t, 256>;

/// values [n], n <= 256, random words -> codes [n] = floor(x / step + word 2^-32), clipped, + 2^(B-1). Otherwise as
/// above.
void quantise_stochastic(std::span<const float> values, double step, int bits, const WordTile& words,
                         std::span<std::uint32_t> codes);

/// codes [n] -> values [n] = (code - 2^(B-1)) * step, in double, kept within +-FLT_MAX, rounded to float32.
void dequantise(std::span<const std::uint32_t> codes, double step, int bits, std::span<float> values);

}  // namespace optinc::codec::simd
