#include "optinc/verify/relative_noise.h"

#include <cmath>

#include <gtest/gtest.h>

#include "optinc/base/error.h"
#include "optinc/verify/testing.h"

namespace optinc::verify {
namespace {

// Ramps at A = 3: 3 - 1 + 3/8 at most. The last layer gives 0 .. 3.
TEST(LargestOutputs, AreThoseOverAllInputs) {
  const std::vector<double> largest = largest_outputs(staircase(), kStairShape, {.threads = 1});
  ASSERT_EQ(largest.size(), 2u);
  EXPECT_FLOAT_EQ(static_cast<float>(largest[0]), 2.375f);
  EXPECT_FLOAT_EQ(static_cast<float>(largest[1]), 3.0f);
}

TEST(NoiseRate, IsOneWithoutNoise) {
  const auto largest = largest_outputs(staircase(), kStairShape, {.threads = 1});
  const NoiseRate rate = noise_rate(staircase(), kStairShape, largest, 0, {});
  EXPECT_EQ(rate.trials, 70u);
  EXPECT_EQ(rate.rate(), 1);
  EXPECT_EQ(rate.standard_error(), 0);
}

// A network of one layer, o = A, with noise of 0.1 * 3 levels. A whole level in the middle is right with
// P(|z| < 0.5 / 0.3) = 0.904, one at an end with P(z < 0.5 / 0.3) = 0.952. A = j + 1/2 lies on the receiver's edge and
// is right where noise takes it down, by less than a level.
TEST(NoiseRate, IsWhatTheNormalDistributionSays) {
  const onn::Network wire{{{.outputs = 1, .inputs = 1, .weight = {1}, .bias = {0}}}};
  const auto largest = largest_outputs(wire, kStairShape, {.threads = 1});
  const NoiseRate rate = noise_rate(wire, kStairShape, largest, 0.1, {.draws = 100'000});
  const double middle = std::erf(0.5 / 0.3 / std::sqrt(2.0));
  const double end = 0.5 + middle / 2;
  // A = 1/2 may go down all the way.
  const double edge = std::erf(1 / 0.3 / std::sqrt(2.0)) / 2;
  const double expected = (2 * middle + 2 * end + 0.5 + 2 * edge) / 7;
  EXPECT_NEAR(rate.rate(), expected, 5 * rate.standard_error());
}

TEST(NoiseRate, DoesNotDependOnThreadsAndFallsWithNoise) {
  const auto largest = largest_outputs(staircase(), kStairShape, {.threads = 1});
  const NoiseOptions one{.draws = 2000, .threads = 1}, two{.draws = 2000, .threads = 2};
  const NoiseRate low = noise_rate(staircase(), kStairShape, largest, 0.02, one);
  EXPECT_EQ(low.right, noise_rate(staircase(), kStairShape, largest, 0.02, two).right);
  EXPECT_LT(noise_rate(staircase(), kStairShape, largest, 0.1, one).right, low.right);
}

TEST(NoiseRate, TakesASample) {
  const auto largest = largest_outputs(staircase(), kStairShape, {.threads = 1});
  const NoiseRate rate = noise_rate(staircase(), kStairShape, largest, 0.01, {.draws = 3, .sample = 1000});
  EXPECT_EQ(rate.trials, 3000u);
  EXPECT_GT(rate.rate(), 0.5);
}

TEST(NoiseRate, RefusesWhatDoesNotFit) {
  const auto largest = largest_outputs(staircase(), kStairShape, {.threads = 1});
  EXPECT_THROW(noise_rate(staircase(), kStairShape, largest, -1, {}), base::InputError);
  EXPECT_THROW(noise_rate(staircase(), kStairShape, largest, 0.1, {.draws = 0}), base::InputError);
  EXPECT_THROW(noise_rate(staircase(), kStairShape, {1.0}, 0.1, {}), base::InputError);
  EXPECT_THROW(largest_outputs(staircase(), {8, 4, 4}, {.threads = 1}), base::InputError);
}

}  // namespace
}  // namespace optinc::verify
