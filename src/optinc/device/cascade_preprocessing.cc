#include "optinc/device/cascade_preprocessing.h"

#include <algorithm>
#include <array>

#include "optinc/base/error.h"
#include "optinc/codec/pam4.h"

namespace optinc::device {
namespace {

void require_level_2(const DeviceShape& shape) {
  base::require(shape.role == onn::Role::cascade_level_2, "unit P of level 2 for role {}: expected cascade-level-2",
                onn::to_string(shape.role));
}

}  // namespace

void preprocess_averages(const DeviceShape& shape, std::size_t count, const std::uint32_t* codes,
                         const codec::RoundingBits& rounding_bits, std::uint64_t first_element, std::int32_t* steps) {
  require_level_2(shape);
  const auto ports = static_cast<std::uint32_t>(shape.servers);
  const int inputs = shape.inputs, last = inputs - 1;
  std::array<std::uint32_t, codec::kMaxBits> mask{};
  for (int k = 0; k < inputs; ++k) {
    mask[k] = static_cast<std::uint32_t>((std::uint64_t{1} << shape.bits_of_input(k)) - 1);
  }
  for (std::size_t i = 0; i < count; ++i, steps += inputs) {
    std::fill_n(steps, inputs, 0);
    steps[last] = shape.light_of_preprocessing(rounding_bits.bit(first_element + i));
    for (int device = 0; device < shape.servers; ++device) {
      const std::uint32_t code = codes[device * count + i], whole = code / ports;
      for (int k = 0; k < last; ++k) {
        steps[k] += static_cast<std::int32_t>(whole >> shape.shift_of_input(k) & mask[k]);
      }
      steps[last] += static_cast<std::int32_t>((whole & mask[last]) * ports + code % ports);
    }
  }
}

void preprocess_levels(const DeviceShape& shape, std::size_t count, const float* levels,
                       const codec::RoundingBits& rounding_bits, std::uint64_t first_element, float* inputs) {
  require_level_2(shape);
  const auto symbols = static_cast<std::size_t>(shape.symbols());
  std::array<double, codec::kMaxBits> summed{}, joined{};
  for (std::size_t i = 0; i < count; ++i) {
    std::fill_n(summed.begin(), symbols, 0.0);
    for (int device = 0; device < shape.servers; ++device) {
      const float* const row = levels + (device * count + i) * symbols;
      for (std::size_t m = 0; m < symbols; ++m) summed[m] += double{row[m]};
    }
    join_levels(shape, summed.data(), joined.data());
    for (int k = 0; k < shape.inputs; ++k) joined[k] /= shape.servers;
    joined[shape.inputs - 1] +=
        static_cast<double>(shape.light_of_preprocessing(rounding_bits.bit(first_element + i))) /
        shape.steps_per_level(shape.inputs - 1);
    for (int k = 0; k < shape.inputs; ++k) *inputs++ = static_cast<float>(joined[k]);
  }
}

void join_levels(const DeviceShape& shape, const double* levels, double* joined) {
  int m = 0;
  for (int k = 0; k < shape.inputs; ++k) {
    const int end = shape.symbols() - shape.symbols_per_input() * (shape.inputs - 1 - k);
    joined[k] = 0;
    for (; m < end; ++m) joined[k] = 4 * joined[k] + levels[m];
  }
}

}  // namespace optinc::device
