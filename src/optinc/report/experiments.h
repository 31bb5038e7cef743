// Training runs that may be compared, paired by seed.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "optinc/report/statistics.h"
#include "optinc/report/train_runs.h"

namespace optinc::report {

/// One run among those of an experiment. `variant` is what tells it from the others of its seed (variants.h).
struct Member {
  const TrainRun* run = nullptr;
  std::string variant;
};

struct SeedGroup {
  std::uint64_t seed = 0;
  std::vector<Member> members;  ///< the baseline first
};

/// Two runs of one seed that differ in how they reduce, at the last step at which both were validated.
struct SeedPair {
  std::uint64_t seed = 0;
  const TrainRun* baseline = nullptr;
  const TrainRun* other = nullptr;
  std::uint64_t step = 0;  ///< 0: there is none
  Validation of_baseline;
  Validation of_other;
  /// Other less baseline, in the metric's unit: nats, percentage points.
  double difference(Metric metric) const { return of_other.value(metric) - of_baseline.value(metric); }
};

/// One variant against the baseline, seed by seed.
struct Comparison {
  std::string variant;
  std::vector<SeedPair> pairs;  ///< by seed; only those with a common step
  Estimate of_baseline(Metric metric) const;
  Estimate of_other(Metric metric) const;
  /// Of the paired differences.
  Estimate difference(Metric metric) const;
};

/// Runs of the same model on the same data with the same number of workers, over the same number of steps.
struct Experiment {
  std::string model;  ///< as TrainRun
  std::uint64_t workers = 0;
  std::uint64_t parameters = 0;
  std::uint64_t planned_steps = 0;  ///< as TrainRun
  TrainData data;
  /// How runs reduce that the others are compared with: "exact" if there is such a run, else "ring"; empty if neither
  /// is.
  std::string baseline;
  std::vector<std::string> variants;  ///< the baseline's first
  std::vector<SeedGroup> seeds;       ///< rising
  std::vector<Comparison> comparisons;

  /// What it is judged by: top-1 for images, the loss for text.
  Metric headline() const { return data.has_images() ? Metric::top1 : Metric::loss; }
  /// The headline first.
  std::vector<Metric> metrics() const;
};

/// The runs must outlive the result. Where a seed has several runs of the baseline, a pair takes the one with the same
/// transport, else the first.
std::vector<Experiment> group_by_experiment(const std::vector<TrainRun>& runs);

/// The last validations of a variant's runs that have one, whether they are compared or not.
struct VariantRuns {
  std::string variant;
  std::vector<const TrainRun*> runs;  ///< by seed
  Estimate last(Metric metric) const;
};
/// In the order of the experiment's variants.
std::vector<VariantRuns> runs_by_variant(const Experiment& experiment);

}  // namespace optinc::report
