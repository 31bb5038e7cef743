#include "optinc/report/curves.h"

#include <cmath>
#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace optinc::report {
namespace {

using testing::ElementsAre;

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

// Width 3 over 1 2 6 4: the ends keep themselves; (1+2+6)/3 = 3, (2+6+4)/3 = 4.
TEST(Smooth, IsACentredMean) {
  EXPECT_THAT(smooth({1, 2, 6, 4}, 3), ElementsAre(1, 3, 4, 4));
}

TEST(Smooth, LeavesOutWhatIsNoNumber) {
  const std::vector<double> smoothed = smooth({1, kNaN, 3, kNaN}, 3);
  EXPECT_EQ(smoothed[0], 1);
  EXPECT_EQ(smoothed[1], 2);
  EXPECT_EQ(smoothed[2], 3);
  EXPECT_TRUE(std::isnan(smoothed[3]));
}

// A straight line has no noise to take out: smoothing must not move it, not even at the ends.
RC_GTEST_PROP(Smooth, KeepsAStraightLine, ()) {
  const auto count = *rc::gen::inRange<std::size_t>(0, 200);
  const auto half = *rc::gen::inRange<std::size_t>(0, 20);
  std::vector<double> line;
  for (std::size_t i = 0; i < count; ++i) line.push_back(3.0 - 0.5 * static_cast<double>(i));
  const std::vector<double> smoothed = smooth(line, 2 * half + 1);
  for (std::size_t i = 0; i < count; ++i) RC_ASSERT(std::abs(smoothed[i] - line[i]) < 1e-9);
}

TEST(Smooth, WidthIsOddAndBounded) {
  EXPECT_EQ(smoothing_width(0), 1u);
  EXPECT_EQ(smoothing_width(39), 1u);
  EXPECT_EQ(smoothing_width(200), 11u);
  EXPECT_EQ(smoothing_width(1000000), 201u);
}

TEST(Thin, KeepsFirstAndLast) {
  EXPECT_THAT(thin(0, 10), ElementsAre());
  EXPECT_THAT(thin(3, 10), ElementsAre(0, 1, 2));
  EXPECT_THAT(thin(10, 3), ElementsAre(0, 4, 8, 9));
}

}  // namespace
}  // namespace optinc::report
