#include "optinc/report/statistics.h"

#include <cmath>
#include <limits>
#include <numbers>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace optinc::report {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

// Two-sided 95 %, as tables print it.
TEST(StudentT, AgreesWithTheTables) {
  EXPECT_NEAR(student_t(1, 0.95), 12.706, 5e-4);
  EXPECT_NEAR(student_t(2, 0.95), 4.303, 5e-4);
  EXPECT_NEAR(student_t(3, 0.95), 3.182, 5e-4);
  EXPECT_NEAR(student_t(4, 0.95), 2.776, 5e-4);
  EXPECT_NEAR(student_t(10, 0.95), 2.228, 5e-4);
  EXPECT_NEAR(student_t(30, 0.95), 2.042, 5e-4);
  EXPECT_NEAR(student_t(5, 0.99), 4.032, 5e-4);
}

// One degree is Cauchy's distribution: P(|T| < t) = 2/pi atan(t). Two: t / sqrt(2 + t^2).
TEST(StudentT, AgreesWithClosedForms) {
  for (const double coverage : {0.1, 0.5, 0.95, 0.999}) {
    EXPECT_NEAR(student_t(1, coverage) / std::tan(coverage * std::numbers::pi / 2), 1, 1e-9);
    EXPECT_NEAR(student_t(2, coverage) / (coverage * std::sqrt(2 / (1 - coverage * coverage))), 1, 1e-9);
  }
}

TEST(StudentT, TendsToTheNormalDistribution) {
  EXPECT_NEAR(student_t(1000000, 0.95), 1.959966, 1e-5);
}

RC_GTEST_PROP(StudentT, FallsWithTheDegreesOfFreedom, ()) {
  const auto degrees = *rc::gen::inRange<std::uint64_t>(1, 500);
  RC_ASSERT(student_t(degrees + 1, 0.95) < student_t(degrees, 0.95));
}

TEST(Estimate, MeanAndSampleDeviation) {
  EXPECT_EQ(estimate({1, 2, 3}).mean, 2);
  EXPECT_EQ(estimate({1, 2, 3}).standard_deviation, 1);
  EXPECT_EQ(estimate({1, 2, 3}).count, 3u);
}

// Mean 2, deviation 1: 2 -+ 4.3027 / sqrt(3).
TEST(Estimate, TheIntervalIsStudents) {
  const Estimate found = estimate({1, 2, 3});
  ASSERT_TRUE(found.interval);
  EXPECT_NEAR(found.interval->low, 2 - 4.302653 / std::sqrt(3), 1e-6);
  EXPECT_NEAR(found.interval->high, 2 + 4.302653 / std::sqrt(3), 1e-6);
  EXPECT_TRUE(found.interval->contains(0));
  EXPECT_FALSE(estimate({1, 1.1, 1.2}).interval->contains(0));
}

TEST(Estimate, OneValueHasNoSpread) {
  EXPECT_EQ(estimate({5}).mean, 5);
  EXPECT_TRUE(std::isnan(estimate({5}).standard_deviation));
  EXPECT_FALSE(estimate({5}).interval);
  EXPECT_TRUE(std::isnan(estimate({}).mean));
}

TEST(Estimate, WhatIsNoNumberGivesNone) {
  EXPECT_TRUE(std::isnan(estimate({1, kNaN, 2}).mean));
  EXPECT_FALSE(estimate({1, kNaN, 2}).interval);
}

TEST(Estimate, EqualValuesAreAPoint) {
  const Estimate found = estimate({0.25, 0.25});
  EXPECT_EQ(found.interval->low, 0.25);
  EXPECT_EQ(found.interval->high, 0.25);
}

}  // namespace
}  // namespace optinc::report
