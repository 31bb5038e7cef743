#include "optinc/device/tabulated_averager.h"

#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "optinc/base/error.h"
#include "optinc/base/random.h"
#include "optinc/device/exact_averager.h"
#include "optinc/device/onn_averager.h"
#include "optinc/device/preprocessing.h"
#include "optinc/device/testing.h"

namespace optinc::device {
namespace {

/// A network of random weights: wrong everywhere, which is fine for comparing bits.
onn::Design random_design(const DeviceShape& shape, std::uint64_t seed) {
  onn::Design design;
  design.bits = shape.bits;
  design.servers = shape.servers;
  design.inputs = shape.inputs;
  design.rounding = shape.rounding;
  const base::CounterStream stream(seed, 0);
  std::uint64_t next = 0;
  const std::vector<int> widths{shape.inputs, 9, 5, shape.symbols()};
  for (std::size_t i = 0; i + 1 < widths.size(); ++i) {
    onn::Layer layer{widths[i + 1], widths[i], {}, {}};
    for (int j = 0; j < layer.outputs * layer.inputs; ++j) {
      layer.weight.push_back(static_cast<float>(stream.uniform(next++) - 0.5));
    }
    for (int j = 0; j < layer.outputs; ++j) layer.bias.push_back(static_cast<float>(stream.uniform(next++)));
    design.network.layers.push_back(layer);
  }
  return design;
}

RC_GTEST_PROP(TabulatedAveragerProperty, GivesTheBitsOfWhatItTabulates, ()) {
  const DeviceShape shape = arbitrary_shape(/*most_bits=*/6, /*most_servers=*/6);
  const OnnAverager onn(random_design(shape, *rc::gen::arbitrary<std::uint64_t>()));
  const TabulatedAverager table(onn, *rc::gen::inRange(1, 3));
  const std::uint64_t all = shape.input_count();
  const auto first = *rc::gen::inRange<std::uint64_t>(0, all);
  const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(all - first, 300));
  std::vector<std::int32_t> steps(count * shape.inputs);
  shape.enumerate_steps(first, count, steps.data());
  std::vector<float> inputs(steps.size()), expected(count * shape.symbols()), found(expected.size());
  levels_of_steps(shape, steps.size() / shape.inputs, steps.data(), inputs.data());
  onn.average(count, inputs.data(), expected.data());
  table.average(count, inputs.data(), found.data());
  RC_ASSERT(found == expected);
}

TEST(TabulatedAverager, RefusesATableThatIsTooLarge) {
  EXPECT_THROW(TabulatedAverager(ExactAverager({16, 4, 4}), 1), base::InputError);
}

}  // namespace
}  // namespace optinc::device
