#include "optinc/workload/learning_rate.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "optinc/base/error.h"

namespace optinc::workload {

double LearningRate::at(std::int64_t step, std::int64_t steps) const {
  const auto done = static_cast<double>(step), warmup = static_cast<double>(warmup_steps);
  if (done <= warmup) return highest * done / warmup;
  const double share = (done - warmup) / std::max(1.0, static_cast<double>(steps) - warmup);
  return highest * (last_share + (1 - last_share) * (1 + std::cos(std::numbers::pi * share)) / 2);
}

void check(const LearningRate& rate) {
  using base::require;
  require(rate.highest > 0 && rate.highest <= 10, "learning rate {}: expected more than 0, at most 10", rate.highest);
  require(rate.warmup_steps >= 0, "{} warm-up steps: expected at least 0", rate.warmup_steps);
  require(rate.last_share >= 0 && rate.last_share <= 1, "last learning rate {} of the highest: expected 0 to 1",
          rate.last_share);
}

}  // namespace optinc::workload
