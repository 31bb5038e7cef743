#include "optinc/workload/learning_rate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "optinc/base/error.h"

namespace optinc::workload {
namespace {

TEST(LearningRate, WarmsUpAndFallsToATenth) {
  LearningRate rate{.highest = 0.01, .warmup_steps = 10, .last_share = 0.1};
  EXPECT_DOUBLE_EQ(rate.at(1, 110), 0.001);
  EXPECT_DOUBLE_EQ(rate.at(10, 110), 0.01);
  EXPECT_DOUBLE_EQ(rate.at(60, 110), 0.0055);  // half way down
  EXPECT_DOUBLE_EQ(rate.at(110, 110), 0.001);
  rate.warmup_steps = 0;
  EXPECT_NEAR(rate.at(1, 110), 0.01, 1e-5);
  rate.last_share = 0;
  EXPECT_DOUBLE_EQ(rate.at(110, 110), 0);
}

TEST(LearningRate, RefusesWhatCanNotBe) {
  EXPECT_THROW(check(LearningRate{.highest = 0}), base::InputError);
  EXPECT_THROW(check(LearningRate{.warmup_steps = -1}), base::InputError);
  EXPECT_THROW(check(LearningRate{.last_share = 2}), base::InputError);
}

}  // namespace
}  // namespace optinc::workload
