#include "optinc/design/ranges.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "optinc/onn/forward.h"
#include "optinc/verify/relative_noise.h"

namespace optinc::design {
namespace {

const device::DeviceShape kShape{.bits = 6, .servers = 2, .inputs = 3};

std::vector<std::vector<double>> largest_of(const ParameterLayout& layout, const std::vector<float>& parameters) {
  return verify::largest_of_wires(to_network(layout, parameters, Normalisation(kShape)), kShape, {});
}

TEST(EqualiseRanges, ScalesEveryHiddenWireAndLeavesTheNetworkTheSame) {
  const ParameterLayout layout({3, 8, 8, 3});
  const std::vector<float> before = orthogonal_start(layout, 1);
  std::vector<float> after = before;
  Adam adam(layout.size());
  adam.mean.assign(layout.size(), 1);
  adam.variance.assign(layout.size(), 1);
  equalise_ranges(layout, {}, largest_of(layout, before), 0, after, adam);

  const std::vector<std::vector<double>> largest = largest_of(layout, after);
  for (const int layer : {0, 1}) EXPECT_THAT(largest[layer], testing::Each(testing::DoubleNear(1, 1e-5)));
  const std::vector<float> inputs{0.5f, 3, 1.5f, 2, 0, 1};
  std::vector<float> was(6), is(6);
  onn::forward(to_network(layout, before, Normalisation(kShape)), 2, inputs.data(), was.data());
  onn::forward(to_network(layout, after, Normalisation(kShape)), 2, inputs.data(), is.data());
  for (int i = 0; i < 6; ++i) EXPECT_NEAR(was[i], is[i], 1e-5);
  // A weight that was divided has a gradient that was multiplied.
  const double factor = after[0] / before[0];
  EXPECT_NEAR(adam.mean[0], 1 / factor, 1e-5);
  EXPECT_NEAR(adam.variance[0], 1 / (factor * factor), 1e-4);
}

TEST(EqualiseRanges, WiresIntoAnApproximatedLayerKeepTheirProportions) {
  const ParameterLayout layout({3, 8, 8, 3});
  std::vector<float> parameters = orthogonal_start(layout, 1);
  Adam adam(layout.size());
  const std::vector<std::vector<double>> before = largest_of(layout, parameters);
  equalise_ranges(layout, onn::LayerSet::parse("2", 3), before, 0, parameters, adam);
  const std::vector<std::vector<double>> after = largest_of(layout, parameters);
  EXPECT_NEAR(*std::ranges::max_element(after[0]), 1, 1e-5);
  EXPECT_NEAR(after[0][0] / after[0][1], before[0][0] / before[0][1], 1e-4);
}

TEST(EqualiseRanges, WeakWiresAreNotBlownUp) {
  const ParameterLayout layout({3, 8, 8, 3});
  std::vector<float> parameters = orthogonal_start(layout, 1);
  for (int j = 0; j < 3; ++j) parameters[j] *= 1e-6f;  // wire 1 of layer 1
  parameters[layout.layers()[0].bias] = 0;
  Adam adam(layout.size());
  equalise_ranges(layout, {}, largest_of(layout, parameters), 0.25, parameters, adam);
  const std::vector<std::vector<double>> after = largest_of(layout, parameters);
  EXPECT_LT(after[0][0], 1e-4);
  for (int wire = 1; wire < 8; ++wire) EXPECT_GE(after[0][wire], 0.2);
}

}  // namespace
}  // namespace optinc::design
