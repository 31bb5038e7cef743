// Where the time of a training step goes, and what its bytes are: one line a variant, the mean over its finished runs.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "optinc/report/experiments.h"

namespace optinc::report {

/// Milliseconds a step, measured on the machine that emulates the optics. Validation and checkpoints are apart.
struct StepAccount {
  std::string variant;
  std::uint64_t runs = 0;
  double compute_ms = 0;   ///< forward, backward, data
  double wait_ms = 0;      ///< for the slowest rank
  double quantise_ms = 0;  ///< scales, encode, decode
  double emulate_ms = 0;   ///< what stands for the device
  double move_ms = 0;      ///< the rest of the all-reduce: bytes between ranks
  double apply_ms = 0;     ///< clipping, optimiser
  double step_ms() const { return compute_ms + wait_ms + quantise_ms + emulate_ms + move_ms + apply_ms; }
  /// Quantisation and emulation, of the step.
  double emulation_share() const { return (quantise_ms + emulate_ms) / step_ms(); }
};
/// In the order of the experiment's variants; those without a finished run that says so are left out.
std::vector<StepAccount> step_accounts(const Experiment& experiment);

/// What the hardware would take for the all-reduce of a step, by formula. NaN where a run doesn't say.
struct ModelledStep {
  std::string variant;
  double line_rate_gbps = 0;
  double round_latency_s = 0;
  double optinc_ms = 0;
  double ring_ms = 0;  ///< a ring at the same line rate
};
std::vector<ModelledStep> modelled_steps(const Experiment& experiment);

/// What one port sends for each byte of a worker's gradients (modelled).
struct WireFactor {
  std::string variant;
  double factor = 0;
};
std::vector<WireFactor> wire_factors(const Experiment& experiment);

}  // namespace optinc::report
