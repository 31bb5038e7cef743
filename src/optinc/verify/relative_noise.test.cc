#include "optinc/verify/relative_noise.h"

#include <cmath>

#include <gtest/gtest.h>

#include "optinc/base/error.h"
#include "optinc/verify/gaussian.h"
#include "optinc/verify/testing.h"

namespace optinc::verify {
namespace {

// Mean 0 +- 4 / sqrt(n), variance 1 +- 4 sqrt(2 / n), fourth moment 3 +- 4 sqrt(96 / n), at 4 standard errors.
TEST(AddGaussians, HaveTheMomentsOfTheNormalDistribution) {
  constexpr std::size_t kCount = 1 << 20;
  std::vector<float> values(kCount, 0.0f);
  for (std::size_t row = 0; row < kCount / 64; ++row) add_gaussians(7, row, 2.0f, 64, values.data() + row * 64);
  double mean = 0, square = 0, fourth = 0, neighbours = 0;
  for (std::size_t i = 0; i < kCount; ++i) {
    const double z = values[i] / 2.0;
    mean += z / kCount;
    square += z * z / kCount;
    fourth += z * z * z * z / kCount;
    if (i > 0) neighbours += z * values[i - 1] / 2.0 / kCount;
  }
  const double n = kCount;
  EXPECT_NEAR(mean, 0, 4 / std::sqrt(n));
  EXPECT_NEAR(square, 1, 4 * std::sqrt(2 / n));
  EXPECT_NEAR(fourth, 3, 4 * std::sqrt(96 / n));
  EXPECT_NEAR(neighbours, 0, 4 / std::sqrt(n));
}

TEST(AddGaussians, DependOnThePlaceAlone) {
  std::vector<float> all(11, 1.0f), some(5, 1.0f);
  add_gaussians(3, 4, 0.5f, all.size(), all.data());
  add_gaussians(3, 4, 0.5f, some.size(), some.data());
  EXPECT_TRUE(std::equal(some.begin(), some.end(), all.begin()));
}

// Ramps at A = 3: 3 - 1 + 3/8 at most. The last layer gives 0 .. 3.
TEST(LargestOutputs, AreThoseOverAllInputs) {
  const std::vector<double> largest = largest_outputs(staircase(), kStairShape, 1);
  ASSERT_EQ(largest.size(), 2u);
  EXPECT_FLOAT_EQ(static_cast<float>(largest[0]), 2.375f);
  EXPECT_FLOAT_EQ(static_cast<float>(largest[1]), 3.0f);
}

TEST(NoiseRate, IsOneWithoutNoise) {
  const auto largest = largest_outputs(staircase(), kStairShape, 1);
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
  const auto largest = largest_outputs(wire, kStairShape, 1);
  const NoiseRate rate = noise_rate(wire, kStairShape, largest, 0.1, {.draws = 100'000});
  const double middle = std::erf(0.5 / 0.3 / std::sqrt(2.0));
  const double end = 0.5 + middle / 2;
  // A = 1/2 may go down all the way.
  const double edge = std::erf(1 / 0.3 / std::sqrt(2.0)) / 2;
  const double expected = (2 * middle + 2 * end + 0.5 + 2 * edge) / 7;
  EXPECT_NEAR(rate.rate(), expected, 5 * rate.standard_error());
}

TEST(NoiseRate, DoesNotDependOnThreadsAndFallsWithNoise) {
  const auto largest = largest_outputs(staircase(), kStairShape, 1);
  const NoiseOptions one{.draws = 2000, .threads = 1}, two{.draws = 2000, .threads = 2};
  const NoiseRate low = noise_rate(staircase(), kStairShape, largest, 0.02, one);
  EXPECT_EQ(low.right, noise_rate(staircase(), kStairShape, largest, 0.02, two).right);
  EXPECT_LT(noise_rate(staircase(), kStairShape, largest, 0.1, one).right, low.right);
}

TEST(NoiseRate, TakesASample) {
  const auto largest = largest_outputs(staircase(), kStairShape, 1);
  const NoiseRate rate = noise_rate(staircase(), kStairShape, largest, 0.01, {.draws = 3, .sample = 1000});
  EXPECT_EQ(rate.trials, 3000u);
  EXPECT_GT(rate.rate(), 0.5);
}

TEST(NoiseRate, RefusesWhatDoesNotFit) {
  const auto largest = largest_outputs(staircase(), kStairShape, 1);
  EXPECT_THROW(noise_rate(staircase(), kStairShape, largest, -1, {}), base::InputError);
  EXPECT_THROW(noise_rate(staircase(), kStairShape, largest, 0.1, {.draws = 0}), base::InputError);
  EXPECT_THROW(noise_rate(staircase(), kStairShape, {1.0}, 0.1, {}), base::InputError);
  EXPECT_THROW(largest_outputs(staircase(), {8, 4, 4}, 1), base::InputError);
}

}  // namespace
}  // namespace optinc::verify
