// The learning rate over a run.
#pragma once

#include <cstdint>

namespace optinc::workload {

/// Linear warm-up, then half a cosine. Source: I. Loshchilov, F. Hutter, "SGDR", arXiv:1608.03983, without restarts.
struct LearningRate {
  double highest = 5e-3;
  std::int64_t warmup_steps = 20;
  double last_share = 0.1;  ///< of the highest, at the last step

  /// Of `step` (from 1) of `steps`.
  double at(std::int64_t step, std::int64_t steps) const;
};

/// Throws base::InputError for values out of range.
void check(const LearningRate& rate);

}  // namespace optinc::workload
