#include "optinc/verify/zonotope.h"

#include <cmath>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "optinc/onn/forward.h"
#include "optinc/verify/rounding_allowance.h"
#include "optinc/verify/testing.h"

namespace optinc::verify {
namespace {

// x in [-1, 3]: centre 1, radius 2. Slope 3 / 4; max(0, x) - 3/4 x is at most 3/4 (at both ends), so the line
// 3/4 x + 3/8 +- 3/8: centre 3/4 + 3/8 = 9/8, generators 3/2 and 3/8: from -3/4 to 3.
TEST(Zonotope, AReluThatCanSwitchIsALineWithAnError) {
  const std::vector<double> centre{1}, radius{2};
  Zonotope set(centre, radius);
  EXPECT_EQ(set.relu(), 1);
  EXPECT_NEAR(set.centre(0), 9.0 / 8, 1e-9);
  EXPECT_NEAR(set.generator(0, 0), 1.5, 1e-9);
  EXPECT_NEAR(set.generator(1, 0), 3.0 / 8, 1e-9);
  EXPECT_NEAR(set.radius()[0], 15.0 / 8, 1e-9);
}

// y = (a + b, a - b - 9, a - b + 9) of a = 1 +- 1, b = 2 +- 1: 3 +- 2, -10 +- 2, 8 +- 2. Behind the ReLU exact, and the
// difference of the first two, which share their generators, too: y_0 + y_2 = 2 a + 9 = 11 +- 2.
TEST(Zonotope, IsExactWhereNoReluCanSwitch) {
  const std::vector<double> centre{1, 2}, radius{1, 1};
  Zonotope set(centre, radius);
  set.affine(DoubleLayer({.outputs = 3, .inputs = 2, .weight = {1, 1, 1, -1, 1, -1}, .bias = {0, -9, 9}}));
  EXPECT_EQ(set.relu(), 0);
  set.affine(DoubleLayer({.outputs = 2, .inputs = 3, .weight = {1, 0, 1, 0, 1, 0}, .bias = {0, 0}}));
  EXPECT_DOUBLE_EQ(set.centre(0), 11);
  EXPECT_NEAR(set.radius()[0], 2, 1e-9);
  EXPECT_DOUBLE_EQ(set.centre(1), 0);
  EXPECT_EQ(set.radius()[1], 0);
}

RC_GTEST_PROP(ZonotopeProperty, EveryPointOfTheBoxComesOutWithinTheBounds, ()) {
  const auto seed = *rc::gen::inRange<std::uint64_t>(0, 100'000);
  const onn::Network network = random_network({4, 12, 16, 9, 3}, seed);
  const base::CounterStream stream(seed, 1);
  const double scale = std::ldexp(1.0, -*rc::gen::inRange(0, 8));
  std::vector<double> centre(4), radius(4);
  for (int k = 0; k < 4; ++k) {
    centre[k] = 3 * stream.uniform(k);
    radius[k] = scale * stream.uniform(4 + k);
  }
  Zonotope set(centre, radius);
  const RoundingAllowance allowance(network);
  Deviation deviation{std::vector<double>(4, 0.0), 0};
  int switching = 0;
  for (std::size_t l = 0; l < network.layers.size(); ++l) {
    const std::vector<double> magnitudes = set.magnitudes();
    set.affine(DoubleLayer(network.layers[l]));
    deviation = allowance.behind(l, magnitudes, deviation);
    if (l + 1 == network.layers.size()) break;
    RoundingAllowance::relu(set.highest(), deviation);
    switching += set.relu();
  }
  RC_TAG(switching > 0 ? "some ReLUs can switch" : "none can");

  constexpr std::size_t kPoints = 200;
  std::vector<float> points(kPoints * 4), outputs(kPoints * 3);
  std::vector<double> real(kPoints * 3);
  for (std::size_t i = 0; i < points.size(); ++i) {
    // Corners in the first half, any point in the second. A little inside, for rounding to float32.
    const double place =
        i < points.size() / 2 ? (stream.word(100 + i) & 1 ? 1.0 : -1.0) : 2 * stream.uniform(100 + i) - 1;
    points[i] = static_cast<float>(centre[i % 4] + place * (radius[i % 4] - 4e-7));
  }
  onn::forward(network, kPoints, points.data(), outputs.data());
  onn::reference::forward(network, kPoints, points.data(), real.data());
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    const int m = static_cast<int>(i % 3);
    RC_ASSERT(std::abs(real[i] - set.centre(m)) <= set.radius()[m] + 1e-6);
    const double off = deviation.each[m];
    RC_ASSERT(std::abs(outputs[i] - set.centre(m)) <= set.radius()[m] + off + 1e-6);
    RC_ASSERT(std::abs(outputs[i] - real[i]) <= off);
    RC_ASSERT(off < 1e-3);
  }
}

}  // namespace
}  // namespace optinc::verify
