// Unit P of a cascade's level 2: joins s symbols of each device of level 1 into one level and averages over the N
// devices (paper section III-C). Decimals come with symbol M, so input K has steps of 1/N^2.
#pragma once

#include <cstddef>
#include <cstdint>

#include "optinc/codec/rounding.h"
#include "optinc/device/device_shape.h"

namespace optinc::device {

/// Behind a regenerator. codes: [N, count], what receive() gives of each device of level 1: N times its average.
/// steps: [count, K], the S_k of level 2; nearest_unbiased adds the constant light of rounding bit
/// `first_element + i` to input K. Throws base::InputError for a shape that is no level 2.
void preprocess_averages(const DeviceShape& shape, std::size_t count, const std::uint32_t* codes,
                         const codec::RoundingBits& rounding_bits, std::uint64_t first_element, std::int32_t* steps);

/// Without a regenerator. levels: [N, count, M], what each device of level 1 gives, in level units, with its errors.
/// inputs: [count, K], the A_k of level 2: sums in double, rounded to float32 once. Light and errors as above.
void preprocess_levels(const DeviceShape& shape, std::size_t count, const float* levels,
                       const codec::RoundingBits& rounding_bits, std::uint64_t first_element, float* inputs);

/// Level 1's levels of one element [M] -> what they add up to on each of level 2's inputs [K], averages left out:
/// symbol m has weight 4^(places to the last symbol of its group).
void join_levels(const DeviceShape& shape, const double* levels, double* joined);

}  // namespace optinc::device
