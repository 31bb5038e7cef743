// A training run put down to be taken up again.
//
// File: one line of JSON {"format": "optinc-checkpoint/2", "arrays": [{"name", "count"}, ...], "updates",
// "fingerprint":
// {...}, "progress": {...}}, then the arrays one behind the other, little-endian float32.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "optinc/base/record.h"
#include "optinc/workload/account.h"

namespace optinc::workload {

/// How far a run is, and what its records have summed up so far.
struct TrainProgress {
  std::int64_t step = 0;     ///< steps done
  int non_finite_steps = 0;  ///< the last so many steps had non-finite gradients
  double validation_loss = 0, validation_top1 = 0;
  double seconds = 0;
  Account account;
  std::uint64_t payload_bytes = 0, wire_bytes = 0, rounds = 0;
};

struct CheckpointArray {
  std::string name;
  std::vector<float> values;
};

struct Checkpoint {
  base::Json fingerprint;  ///< the options that the course of the run depends on
  TrainProgress progress;
  std::int64_t updates = 0;  ///< of the optimiser
  std::vector<CheckpointArray> arrays;
};

/// The old file stays until the new one is whole. Throws base::RunError when it can't be written.
void save_checkpoint(const std::filesystem::path& path, const Checkpoint& checkpoint);

/// Throws base::InputError for a file that is missing, cut off or no checkpoint, and for one whose fingerprint is not
/// `fingerprint`: it names the first option that differs.
Checkpoint load_checkpoint(const std::filesystem::path& path, const base::Json& fingerprint);

}  // namespace optinc::workload
