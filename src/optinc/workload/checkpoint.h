// A training run put down to be taken up again.
//
// File: one line of JSON {"format": "optinc-checkpoint/1", "parameters": n, "updates", "fingerprint": {...},
// "progress": {...}}, then 3 n little-endian float32: parameters, first moments, second moments.
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "optinc/base/record.h"
#include "optinc/workload/adamw.h"

namespace optinc::workload {

/// How far a run is, and what its records have summed up so far.
struct TrainProgress {
  std::int64_t step = 0;     ///< steps done
  int non_finite_steps = 0;  ///< the last so many steps had non-finite gradients
  double validation_loss = 0;
  double seconds = 0, reduce_seconds = 0;
  std::uint64_t payload_bytes = 0, wire_bytes = 0;
};

struct Checkpoint {
  base::Json fingerprint;  ///< the options that the course of the run depends on
  TrainProgress progress;
  std::vector<float> parameters;
  AdamWState optimiser;
};

/// The old file stays until the new one is whole. Throws base::RunError when it can't be written.
void save_checkpoint(const std::filesystem::path& path, const Checkpoint& checkpoint);

/// Throws base::InputError for a file that is missing, cut off or no checkpoint, and for one whose fingerprint is not
/// `fingerprint`: it names the first option that differs.
Checkpoint load_checkpoint(const std::filesystem::path& path, const base::Json& fingerprint);

}  // namespace optinc::workload
