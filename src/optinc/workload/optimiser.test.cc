#include "optinc/workload/optimiser.h"

#include <gtest/gtest.h>

#include "optinc/base/error.h"

namespace optinc::workload {
namespace {

// Step 1: m = (1 - b1) g, v = (1 - b2) g^2; corrected: g and g^2. So the step is rate * g / (|g| + e) = rate, and the
// decay rate * decay * p. Step 2 with gradient 0: corrected m = b1 (1 - b1) g / (1 - b1^2) = 0.9 g / 1.9, corrected v =
// 0.95 g^2 / 1.95.
TEST(AdamW, FollowsItsEquations) {
  const auto optimiser =
      make_optimiser({.weight_decay = 0.1, .adamw = {.beta1 = 0.9, .beta2 = 0.95, .epsilon = 1e-8}}, 2, 1);
  std::vector<float> parameters{2, 2};  // the first one decays
  optimiser->update(parameters, std::vector<float>{0.5f, -0.5f}, 0.01);
  EXPECT_NEAR(parameters[0], 2 * (1 - 0.01 * 0.1) - 0.01, 1e-6);
  EXPECT_NEAR(parameters[1], 2 + 0.01, 1e-6);

  optimiser->update(parameters, std::vector<float>{0, 0}, 0.02);
  const double step = 0.02 * (0.9 / 1.9) / 0.6979824;  // sqrt(0.95 / 1.95)
  EXPECT_NEAR(parameters[0], (2 * (1 - 0.01 * 0.1) - 0.01) * (1 - 0.02 * 0.1) - step, 1e-6);
  EXPECT_NEAR(parameters[1], 2 + 0.01 + step, 1e-6);
  EXPECT_EQ(optimiser->state().updates, 2);
}

TEST(AdamW, AZeroGradientFromTheStartChangesNothingButDecay) {
  const auto optimiser = make_optimiser({.weight_decay = 0}, 1, 1);
  std::vector<float> parameters{3};
  optimiser->update(parameters, std::vector<float>{0}, 0.1);
  EXPECT_EQ(parameters[0], 3);
}

// v = 0.5 + 0.1 * 2 = 0.7, with look ahead 0.7 + 0.9 * 0.7 = 1.33; then v = 0.9 * 0.7 + 0.1 p.
TEST(Sgd, FollowsItsEquations) {
  const OptimiserOptions options{.kind = OptimiserKind::sgd, .weight_decay = 0.1};
  const auto optimiser = make_optimiser(options, 2, 1);
  std::vector<float> parameters{2, 2};  // the first one decays
  optimiser->update(parameters, std::vector<float>{0.5f, 0.5f}, 0.01);
  EXPECT_NEAR(parameters[0], 2 - 0.0133, 1e-6);
  EXPECT_NEAR(parameters[1], 2 - 0.01 * 0.95, 1e-6);
  const double before = parameters[0];
  optimiser->update(parameters, std::vector<float>{0, 0}, 0.01);
  const double slope = 0.1 * before, velocity = 0.9 * 0.7 + slope;
  EXPECT_NEAR(parameters[0], before - 0.01 * (slope + 0.9 * velocity), 1e-6);
}

TEST(Sgd, WithoutNesterovTheStepIsTheVelocity) {
  const auto optimiser = make_optimiser(
      {.kind = OptimiserKind::sgd, .weight_decay = 0, .sgd = {.momentum = 0.5, .nesterov = false}}, 1, 0);
  std::vector<float> parameters{0};
  optimiser->update(parameters, std::vector<float>{1}, 0.1);
  EXPECT_FLOAT_EQ(parameters[0], -0.1f);
  optimiser->update(parameters, std::vector<float>{1}, 0.1);
  EXPECT_FLOAT_EQ(parameters[0], -0.25f);  // velocity 1.5
}

TEST(Optimiser, RefusesWhatCanNotBe) {
  EXPECT_THROW(make_optimiser({.weight_decay = -1}, 1, 1), base::InputError);
  EXPECT_THROW(make_optimiser({.sgd = {.momentum = 1}}, 1, 1), base::InputError);
  EXPECT_THROW(parse_optimiser("adam"), base::InputError);
  EXPECT_EQ(parse_optimiser("sgd"), OptimiserKind::sgd);
}

}  // namespace
}  // namespace optinc::workload
