#include "optinc/chip/server_levels.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "optinc/chip/unit_matrices.h"
#include "optinc/device/preprocessing.h"

namespace optinc::chip {
namespace {

RC_GTEST_PROP(DealLevels, HaveTheInputsForTheirMean, ()) {
  device::DeviceShape shape;
  shape.bits = *rc::gen::inRange(2, 13);
  shape.servers = *rc::gen::inRange(2, 9);
  shape.inputs = *rc::gen::inRange(1, shape.symbols() + 1);
  RC_PRE(shape.bits_of_input(0) >= 1);
  if (*rc::gen::arbitrary<bool>()) shape.role = onn::Role::cascade_level_2;
  const auto seed = *rc::gen::arbitrary<std::uint64_t>();
  const std::uint64_t number = *rc::gen::inRange<std::uint64_t>(0, shape.input_count());
  std::vector<std::int32_t> steps(shape.inputs);
  shape.enumerate_steps(number, 1, steps.data());
  std::vector<float> levels(shape.servers * shape.symbols()), wanted(shape.inputs);
  deal_levels(shape, seed, 1, &number, steps.data(), levels.data());
  device::levels_of_steps(shape, 1, steps.data(), wanted.data());
  const linalg::Matrix matrix = preprocessing_matrix(shape);
  for (int k = 0; k < shape.inputs; ++k) {
    double mean = 0;
    for (std::size_t port = 0; port < levels.size(); ++port) mean += matrix(k, port) * levels[port];
    RC_ASSERT(std::abs(mean - wanted[k]) < 1e-5 * (1 + wanted[k]));
  }
  for (int i = 0; i < shape.symbols(); ++i) {
    for (int n = 0; n < shape.servers; ++n) {
      RC_ASSERT(levels[i * shape.servers + n] >= 0);
      RC_ASSERT(levels[i * shape.servers + n] <= largest_symbol(shape, i) + 1e-6);
    }
  }
}

}  // namespace
}  // namespace optinc::chip
