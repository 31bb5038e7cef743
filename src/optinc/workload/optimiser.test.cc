#include "optinc/workload/adamw.h"

#include <gtest/gtest.h>

namespace optinc::workload {
namespace {

// Step 1: m = (1 - b1) g, v = (1 - b2) g^2; corrected: g and g^2. So the step is rate * g / (|g| + e) = rate, and the
// decay rate * decay * p. Step 2 with gradient 0: corrected m = b1 (1 - b1) g / (1 - b1^2) = 0.9 g / 1.9, corrected v =
// 0.95 g^2 / 1.95.
TEST(AdamW, FollowsItsEquations) {
  AdamW optimiser({.beta1 = 0.9, .beta2 = 0.95, .epsilon = 1e-8, .weight_decay = 0.1}, 2, 1);
  std::vector<float> parameters{2, 2};  // the first one decays
  optimiser.update(parameters, std::vector<float>{0.5f, -0.5f}, 0.01);
  EXPECT_NEAR(parameters[0], 2 * (1 - 0.01 * 0.1) - 0.01, 1e-6);
  EXPECT_NEAR(parameters[1], 2 + 0.01, 1e-6);

  optimiser.update(parameters, std::vector<float>{0, 0}, 0.02);
  const double step = 0.02 * (0.9 / 1.9) / 0.6979824;  // sqrt(0.95 / 1.95)
  EXPECT_NEAR(parameters[0], (2 * (1 - 0.01 * 0.1) - 0.01) * (1 - 0.02 * 0.1) - step, 1e-6);
  EXPECT_NEAR(parameters[1], 2 + 0.01 + step, 1e-6);
  EXPECT_EQ(optimiser.state().updates, 2);
}

TEST(AdamW, AZeroGradientFromTheStartChangesNothingButDecay) {
  AdamW optimiser({.weight_decay = 0}, 1, 1);
  std::vector<float> parameters{3};
  optimiser.update(parameters, std::vector<float>{0}, 0.1);
  EXPECT_EQ(parameters[0], 3);
}

}  // namespace
}  // namespace optinc::workload
