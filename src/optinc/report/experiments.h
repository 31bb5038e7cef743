// Training runs that may be compared, paired by seed.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "optinc/report/curves.h"
#include "optinc/report/runs.h"

namespace optinc::report {

/// One run among those of an experiment. `variant` is what tells it from the others of its seed: "ring", "OptINC", and
/// as far as needed the design's bits and rounding, the transport, the run's name.
struct Member {
  const TrainRun* run = nullptr;
  std::string variant;
};

struct SeedGroup {
  std::uint64_t seed = 0;
  std::vector<Member> members;  ///< ring first
};

/// Two runs of one seed that differ in how they reduce.
struct SeedPair {
  std::uint64_t seed = 0;
  const TrainRun* ring = nullptr;
  const TrainRun* other = nullptr;
  std::uint64_t step = 0;  ///< the last one at which both have a validation loss; 0: there is none
  double ring_loss = 0;    ///< validation loss at `step`, nats a token
  double other_loss = 0;
  double difference() const { return other_loss - ring_loss; }
};

/// One variant against ring, seed by seed.
struct Comparison {
  std::string variant;
  std::vector<SeedPair> pairs;  ///< by seed; only those with a common step
  /// Of the paired differences, other - ring, nats a token.
  Spread difference() const;
};

/// Runs of the same model on the same data with the same number of workers.
struct Experiment {
  std::uint64_t workers = 0;
  std::uint64_t parameters = 0;
  std::uint64_t train_tokens = 0;
  std::uint64_t validation_tokens = 0;
  std::vector<std::string> variants;  ///< ring's first
  std::vector<SeedGroup> seeds;       ///< rising
  std::vector<Comparison> comparisons;
};

/// The runs must outlive the result. Where a seed has several ring runs, a pair takes the one with the same transport,
/// else the first.
std::vector<Experiment> group_by_experiment(const std::vector<TrainRun>& runs);

/// "ring", "OptINC"; another name as it is.
std::string reduce_name(const TrainRun& run);

}  // namespace optinc::report
