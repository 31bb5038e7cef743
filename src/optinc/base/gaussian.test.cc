#include "optinc/base/gaussian.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <hwy/highway.h>

namespace optinc::base {
namespace {

using testing::DoubleNear;
using testing::Each;
using testing::FloatNear;
using testing::Pointwise;

std::vector<float> draw(std::size_t count, std::uint64_t seed = 1, std::uint64_t stream = 2) {
  std::vector<float> values(count, 0.0f);
  add_gaussians(seed, stream, 1.0f, count, values.data());
  return values;
}

/// Highway with one instruction set only.
class InstructionSet {
 public:
  explicit InstructionSet(std::int64_t target) { choose(target); }
  ~InstructionSet() { choose(0); }
  InstructionSet(const InstructionSet&) = delete;
  InstructionSet& operator=(const InstructionSet&) = delete;

 private:
  static void choose(std::int64_t target) {  // 0 for all
    hwy::SetSupportedTargetsForTest(target);
    hwy::GetChosenTarget().Update(hwy::SupportedTargets());
  }
};

double correlation(const std::vector<float>& a, const std::vector<float>& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += double{a[i]} * b[i] / static_cast<double>(a.size());
  return sum;
}

// Philox's published answer to seed 0, stream 0, block 0 is the words 6627e8d5 e169c58d bc57ac4c 9b00dbd8: as fractions
// of 2^32 0.39904647, 0.88052020, 0.73571278, 0.60548185. sqrt(-2 ln 0.39904647) = 1.35549061, the angle 5.53247157 has
// cosine 0.73120217 and sine -0.68216082; sqrt(-2 ln 0.73571278) = 0.78347364, and 3.80435469 has -0.78829577 and
// -0.61529650.
TEST(Gaussians, AreBoxAndMullersOfTheWords) {
  std::vector<double> z(4);
  gaussians(0, 0, 4, z.data());
  EXPECT_THAT(z, Pointwise(DoubleNear(2e-8), {1.35549061 * 0.73120217, 1.35549061 * -0.68216082,
                                              0.78347364 * -0.78829577, 0.78347364 * -0.61529650}));
}

// The scale multiplies z's error of 2e-6, and the sum, up to 14, is rounded to within 5e-7.
TEST(AddGaussians, AgreesWithTheReferenceOnEveryInstructionSet) {
  constexpr std::size_t kCount = (1 << 20) + 5;
  std::vector<double> z(kCount);
  gaussians(11, 12, kCount, z.data());
  std::vector<float> expected(kCount, 0.5f);
  reference::add_gaussians(11, 12, 2.0f, kCount, expected.data());
  for (const std::int64_t target : hwy::SupportedAndGeneratedTargets()) {
    SCOPED_TRACE(hwy::TargetName(target));
    const InstructionSet only(target);
    std::vector<float> values(kCount, 0.5f);
    add_gaussians(11, 12, 2.0f, kCount, values.data());
    EXPECT_THAT(values, Pointwise(FloatNear(2 * 2e-6f + 5e-7f), expected));
    // Near 0 to a part of itself: the radius, not only z, must be right.
    const std::vector<float> plain = draw(kCount, 11, 12);
    for (std::size_t i = 0; i + 1 < kCount; i += 2) {
      const double radius = std::hypot(z[i], z[i + 1]);
      ASSERT_NEAR(std::hypot(plain[i], plain[i + 1]), radius, 3e-7 * radius) << i;
    }
  }
}

TEST(AddGaussians, GivesTheSameBitsWhateverTheLengthOfVectors) {
  const std::vector<float> values = draw(100'003);
  for (const std::int64_t target : hwy::SupportedAndGeneratedTargets()) {
    // Without fused multiply-add.
    if (target == HWY_SSSE3 || target == HWY_SSE4 || target == HWY_EMU128 || target == HWY_SCALAR) continue;
    const InstructionSet only(target);
    EXPECT_EQ(draw(100'003), values) << hwy::TargetName(target);
  }
}

TEST(AddGaussians, DependsOnThePlaceAloneAndNotOnTheCount) {
  const std::vector<float> all = draw(1000);
  std::vector<std::size_t> counts(71);
  for (std::size_t i = 0; i < counts.size(); ++i) counts[i] = i;
  for (const std::size_t more : {127, 128, 129, 500, 999}) counts.push_back(more);
  for (const std::size_t count : counts) {
    std::vector<float> values(count + 3, 0.0f);
    add_gaussians(1, 2, 1.0f, count, values.data());
    EXPECT_TRUE(std::equal(all.begin(), all.begin() + count, values.begin())) << count;
    EXPECT_EQ(std::vector<float>(values.begin() + count, values.end()), std::vector<float>(3, 0.0f)) << count;
  }
}

TEST(Gaussians, DependOnThePlaceAloneAndNotOnTheCount) {
  std::vector<double> all(70);
  gaussians(1, 2, all.size(), all.data());
  for (std::size_t count = 0; count < all.size(); ++count) {
    std::vector<double> values(count);
    gaussians(1, 2, count, values.data());
    EXPECT_TRUE(std::equal(values.begin(), values.end(), all.begin())) << count;
  }
}

TEST(AddGaussians, AddsScaled) {
  const std::vector<float> z = draw(67);
  std::vector<float> values(67, 3.0f), still(67, 3.0f);
  add_gaussians(1, 2, 0.25f, values.size(), values.data());
  add_gaussians(1, 2, 0.0f, still.size(), still.data());
  for (std::size_t i = 0; i < z.size(); ++i) EXPECT_EQ(values[i], std::fma(0.25f, z[i], 3.0f));
  EXPECT_THAT(still, Each(3.0f));
}

// Standard errors for n numbers: mean 1/sqrt(n), variance sqrt(2/n), third moment sqrt(15/n), fourth sqrt(96/n). Each
// within 4 of them: a chance of 6e-5.
TEST(AddGaussians, HasTheMomentsOfTheNormalDistribution) {
  constexpr std::size_t kCount = 1 << 22;
  constexpr double kN = kCount;
  double mean = 0, square = 0, third = 0, fourth = 0;
  for (const double z : draw(kCount)) {
    mean += z / kN;
    square += z * z / kN;
    third += z * z * z / kN;
    fourth += z * z * z * z / kN;
  }
  EXPECT_NEAR(mean, 0, 4 * std::sqrt(1 / kN));
  EXPECT_NEAR(square, 1, 4 * std::sqrt(2 / kN));
  EXPECT_NEAR(third, 0, 4 * std::sqrt(15 / kN));
  EXPECT_NEAR(fourth, 3, 4 * std::sqrt(96 / kN));
}

// Kolmogorov and Smirnov: sqrt(n) times the largest distance of the distribution functions is above
// sqrt(-ln(p / 2) / 2) with probability p; 2.225 for p = 1e-4. Numbers of even and of odd places apart as well: cosines
// and sines.
TEST(AddGaussians, PassesKolmogorovAndSmirnovAtOneInTenThousand) {
  const auto statistic = [](std::vector<float> values) {
    std::ranges::sort(values);
    const auto n = static_cast<double>(values.size());
    double largest = 0;
    for (std::size_t i = 0; i < values.size(); ++i) {
      const double normal = std::erfc(-values[i] / std::numbers::sqrt2) / 2;
      const auto below = static_cast<double>(i);
      largest = std::max({largest, normal - below / n, (below + 1) / n - normal});
    }
    return std::sqrt(n) * largest;
  };
  const std::vector<float> values = draw(1 << 20, 5, 6);
  std::vector<float> parts[2];
  for (std::size_t i = 0; i < values.size(); ++i) parts[i % 2].push_back(values[i]);
  EXPECT_LT(statistic(values), 2.225);
  EXPECT_LT(statistic(parts[0]), 2.225);
  EXPECT_LT(statistic(parts[1]), 2.225);
}

// Counts of 2^26 numbers beyond +x and -x are Poisson distributed: within 4.5 sqrt(expected), a chance of 1e-5 each.
TEST(AddGaussians, HasTheTailsOfTheNormalDistribution) {
  constexpr std::size_t kTile = 1 << 16, kTiles = 1 << 10;
  const std::vector<double> limits{3, 4, 5};
  std::vector<double> above(limits.size()), below(limits.size());
  for (std::size_t tile = 0; tile < kTiles; ++tile) {
    const std::vector<float> values = draw(kTile, 9, tile);
    const auto [lowest, highest] = std::ranges::minmax(values);
    EXPECT_LT(std::max(-lowest, highest), 6.77f);
    for (std::size_t l = 0; l < limits.size(); ++l) {
      const auto limit = static_cast<float>(limits[l]);
      above[l] += static_cast<double>(std::ranges::count_if(values, [=](float z) { return z > limit; }));
      below[l] += static_cast<double>(std::ranges::count_if(values, [=](float z) { return z < -limit; }));
    }
  }
  for (std::size_t l = 0; l < limits.size(); ++l) {
    const double expected = kTile * kTiles * std::erfc(limits[l] / std::numbers::sqrt2) / 2;
    EXPECT_NEAR(above[l], expected, 4.5 * std::sqrt(expected)) << limits[l];
    EXPECT_NEAR(below[l], expected, 4.5 * std::sqrt(expected)) << limits[l];
  }
}

// The correlation of n independent pairs is 0 with standard error 1/sqrt(n), of their squares (less 1, variance 2)
// 2/sqrt(n).
TEST(AddGaussians, StreamsSeedsAndNeighboursAreUncorrelated) {
  constexpr std::size_t kCount = 1 << 20;
  const double error = 1 / std::sqrt(static_cast<double>(kCount));
  const auto less_one = [](std::vector<float> values) {
    for (float& value : values) value = value * value - 1;
    return values;
  };
  const std::vector<float> values = draw(kCount, 3, 4);
  for (const auto& other : {draw(kCount, 3, 5), draw(kCount, 4, 4), draw(kCount, 3, 4 + (1ull << 32))}) {
    EXPECT_NEAR(correlation(values, other), 0, 4 * error);
    EXPECT_NEAR(correlation(less_one(values), less_one(other)), 0, 4 * 2 * error);
  }
  for (std::size_t distance = 1; distance <= 8; ++distance) {
    const std::vector<float> front(values.begin(), values.end() - distance),
        back(values.begin() + distance, values.end());
    EXPECT_NEAR(correlation(front, back), 0, 4 * error) << distance;
    EXPECT_NEAR(correlation(less_one(front), less_one(back)), 0, 4 * 2 * error) << distance;
  }
}

}  // namespace
}  // namespace optinc::base
