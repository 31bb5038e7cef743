#include "optinc/design/projection.h"

#include <cmath>
#include <vector>

#include <gtest/gtest.h>

#include "optinc/base/random.h"
#include "optinc/onn/matrix_approximation.h"

namespace optinc::design {
namespace {

// From near a diagonal * orthogonal start, as between two projections, it does what the exact approximation does.
TEST(Projection, AgreesWithTheExactApproximationNearby) {
  const ParameterLayout layout({4, 16, 64, 32, 4});
  std::vector<float> parameters = orthogonal_start(layout, 3);
  const base::CounterStream noise(1, 1);
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    parameters[i] += 0.02f * static_cast<float>(noise.uniform(i) - 0.5);
  }
  const std::vector<float> before = parameters;
  const onn::LayerSet approximated = onn::LayerSet::parse("1,3-4", 4);
  project(layout, approximated, parameters, 2);
  for (int number = 1; number <= 4; ++number) {
    const auto& place = layout.layers()[number - 1];
    onn::Layer exact{place.outputs,
                     place.inputs,
                     {before.begin() + place.weight, before.begin() + place.bias},
                     std::vector<float>(place.outputs)};
    if (approximated.contains(number)) onn::approximate(exact);
    for (std::size_t i = 0; i < exact.weight.size(); ++i) {
      ASSERT_NEAR(parameters[place.weight + i], exact.weight[i], approximated.contains(number) ? 2e-3 : 0.0)
          << "layer " << number << " element " << i;
    }
  }
}

TEST(Projection, LeavesBiasesAlone) {
  const ParameterLayout layout({4, 8, 4});
  std::vector<float> parameters = orthogonal_start(layout, 3);
  const std::vector<float> before = parameters;
  project(layout, onn::LayerSet::parse("all", 2), parameters, 1);
  const auto& first = layout.layers()[0];
  for (int i = 0; i < first.outputs; ++i) EXPECT_EQ(parameters[first.bias + i], before[first.bias + i]);
}

}  // namespace
}  // namespace optinc::design
