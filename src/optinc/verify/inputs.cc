#include "optinc/verify/inputs.h"

#include <algorithm>
#include <array>

#include "optinc/base/random.h"

namespace optinc::verify {

namespace {

/// 64 random bits for a place of a stream.
std::uint64_t bits_at(const base::CounterStream& stream, std::uint64_t place) {
  const std::array<std::uint32_t, 4> words = stream.block(place / 2);
  const std::size_t half = 2 * (place % 2);
  return std::uint64_t{words[half]} << 32 | words[half + 1];
}

}  // namespace

void draw_inputs(const device::DeviceShape& shape, std::uint64_t seed, std::uint64_t first, std::size_t count,
                 std::uint64_t* numbers, std::int32_t* steps) {
  const base::CounterStream stream(seed, 0x73616d706c65);  // stream "sample" in ASCII
  if (are_numbered(shape)) {
    const std::uint64_t all = shape.input_count();
    // The remainder favours low numbers by less than all / 2^64.
    for (std::size_t i = 0; i < count; ++i) numbers[i] = bits_at(stream, first + i) % all;
    return steps_of_inputs(shape, count, numbers, steps);
  }
  const auto inputs = static_cast<std::uint64_t>(shape.inputs);
  for (std::size_t i = 0; i < count; ++i) {
    numbers[i] = first + i;
    for (std::uint64_t k = 0; k < inputs; ++k) {
      const int lowest = shape.first_step(static_cast<int>(k));
      const auto all = static_cast<std::uint64_t>(shape.last_step(static_cast<int>(k)) - lowest) + 1;
      *steps++ = lowest + static_cast<std::int32_t>(bits_at(stream, numbers[i] * inputs + k) % all);
    }
  }
}

double possible_inputs(const device::DeviceShape& shape) {
  double count = 1;
  for (int k = 0; k < shape.inputs; ++k) count *= shape.last_step(k) - shape.first_step(k) + 1;
  return count;
}

bool are_numbered(const device::DeviceShape& shape) {
  return possible_inputs(shape) < 0x1p63;
}

void steps_of_inputs(const device::DeviceShape& shape, std::size_t count, const std::uint64_t* numbers,
                     std::int32_t* steps) {
  for (std::size_t i = 0; i < count; ++i) shape.enumerate_steps(numbers[i], 1, steps + i * shape.inputs);
}

Share share_of_rank(std::uint64_t count, std::uint64_t grain, int rank, int ranks) {
  const std::uint64_t grains = (count + grain - 1) / grain;
  const auto cut = [&](int place) {
    const auto at = static_cast<std::uint64_t>(place);
    const auto of = static_cast<std::uint64_t>(ranks);
    return std::min(count, (grains / of * at + grains % of * at / of) * grain);
  };
  return {cut(rank), cut(rank + 1)};
}

}  // namespace optinc::verify
