// The state of a training run between two epochs, in a file: CBOR, versioned, written whole or not at all.
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "optinc/base/record.h"

namespace optinc::design {

struct Checkpoint {
  base::Json configuration;  ///< everything that the run's course depends on
  int epoch = 0;             ///< epochs done
  double seconds = 0;        ///< spent so far
  double training_seconds = 0;
  std::vector<float> parameters;
  std::vector<float> adam_mean;
  std::vector<float> adam_variance;
  std::uint64_t adam_steps = 0;
  std::uint64_t place = 0;             ///< of the sampler
  std::vector<std::uint8_t> fares;     ///< of the sampler, packed
  std::uint64_t verified_at_step = 0;  ///< Adam's steps at the last verification of every input
};

void save_checkpoint(const std::filesystem::path& path, const Checkpoint& checkpoint);

/// Throws base::InputError for a file that is missing, damaged or of a run with another configuration (naming the first
/// key that differs).
Checkpoint load_checkpoint(const std::filesystem::path& path, const base::Json& expected_configuration);

}  // namespace optinc::design
