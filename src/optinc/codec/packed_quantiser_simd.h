// The inner loops of the packed quantiser, over one block or a part of one; see block_quantiser_simd.h.
#pragma once

#include <cstdint>
#include <span>

namespace optinc::codec::simd {

/// values [n] -> codes [n], bytes: quantise_half_even for 8 bits.
void quantise_half_even_8(std::span<const float> values, double step, std::uint8_t* codes);
/// values [n] -> codes [n], 16 bits each, most significant byte first: quantise_half_even for 16 bits.
void quantise_half_even_16(std::span<const float> values, double step, std::uint8_t* codes);

/// The inverses: dequantise for 8 and for 16 bits.
void dequantise_8(const std::uint8_t* codes, double step, std::span<float> values);
void dequantise_16(const std::uint8_t* codes, double step, std::span<float> values);

}  // namespace optinc::codec::simd
