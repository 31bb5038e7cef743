// Inputs drawn at random, where there are too many to look at all.
#pragma once

#include <cstddef>
#include <cstdint>

#include "optinc/device/device_shape.h"

namespace optinc::verify {

/// The inputs that the draws `first` .. `first + count - 1` of a sample give: numbers [count] and steps S [count, K].
/// Each is uniform over all possible inputs, independent, so that an input may come twice. A draw depends on `seed` and
/// its number alone. Where inputs are too many to be numbered (2^63), each S_k is drawn, and an input's number is that
/// of its draw.
void draw_inputs(const device::DeviceShape& shape, std::uint64_t seed, std::uint64_t first, std::size_t count,
                 std::uint64_t* numbers, std::int32_t* steps);

/// Where a design is measured again and again, on noise or on chips, more inputs than this are sampled.
inline constexpr double kMostEnumerated = 1 << 22;

/// How many inputs are possible, where that may be more than DeviceShape::input_count can say: to 53 bits.
double possible_inputs(const device::DeviceShape& shape);
/// Whether DeviceShape::input_count can: inputs have numbers.
bool are_numbered(const device::DeviceShape& shape);

/// Steps S [count, K] of the inputs with these numbers [count].
void steps_of_inputs(const device::DeviceShape& shape, std::size_t count, const std::uint64_t* numbers,
                     std::int32_t* steps);

/// A share of `count` items for each of `ranks`: [begin, end), contiguous, cut at multiples of `grain`.
struct Share {
  std::uint64_t begin, end;
};
Share share_of_rank(std::uint64_t count, std::uint64_t grain, int rank, int ranks);

}  // namespace optinc::verify
