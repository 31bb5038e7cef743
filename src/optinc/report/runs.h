// Record files as runs (doc/format_records.md), grouped by their `run` record. What is about light is in
// light_runs.h, about training through the interconnect in train_runs.h, about costs at scale in scale_runs.h.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "optinc/report/front_runs.h"
#include "optinc/report/light_runs.h"
#include "optinc/report/run_header.h"
#include "optinc/report/scale_runs.h"
#include "optinc/report/search_runs.h"
#include "optinc/report/train_runs.h"

namespace optinc::report {

struct Epoch {
  std::uint64_t epoch = 0;
  std::uint64_t stage = 0;  ///< 1 symbols, 2 margin or gradient
  double loss = 0;          ///< NaN if it was not finite
  std::uint64_t wrong = 0;
  double seconds = 0;
};

struct LayerArea {
  std::uint64_t outputs = 0;
  std::uint64_t inputs = 0;
  bool approximated = false;
  std::uint64_t mzis = 0;
  std::uint64_t dense_mzis = 0;
  bool operator==(const LayerArea&) const = default;
};

struct Area {
  std::uint64_t mzis = 0;        ///< as built, P and T included
  std::uint64_t dense_mzis = 0;  ///< every layer dense, P and T included
  double ratio = 0;
  std::uint64_t reference_mzis = 0;
  std::uint64_t activations = 0;
  std::uint64_t preprocessing_mzis = 0;
  std::uint64_t splitting_mzis = 0;
  std::vector<LayerArea> layers;
  bool operator==(const Area&) const = default;
};

struct ErrorCount {
  std::int64_t value = 0;
  std::uint64_t count = 0;
  double share = 0;  ///< of all errors
};

struct Verification {
  std::uint64_t inputs = 0;
  std::uint64_t wrong = 0;
  double accuracy = 0;
  double largest_analog_error = 0;  ///< NaN if it was not finite
  double seconds = 0;
  double inputs_per_second = 0;
  std::vector<ErrorCount> errors;
};

struct DesignResult {
  std::string outcome;
  std::uint64_t epochs = 0;
  double seconds = 0;
  std::optional<double> gflops;
  std::optional<double> sgemm_gflops;
};

/// A run of `optinc design`. A killed run lacks its last records.
struct DesignRun {
  RunHeader header;
  std::uint64_t inputs = 0;  ///< how many are possible
  std::vector<Epoch> epochs;
  std::optional<Area> area;
  std::optional<Verification> verification;
  std::optional<DesignResult> result;
};

/// One row of a published table beside a design of ours. Figures are NaN where there is none.
struct Reproduction {
  std::string table;  ///< its title
  std::string group;  ///< rows that belong together
  std::string design;
  std::string approximated;
  double paper_accuracy_percent = 0;
  double paper_area_percent = 0;
  double paper_additional_mzis_percent = 0;  ///< of a cascade's level, beyond the structure of Table I
  bool there = false;                        ///< what follows is of our design
  std::string origin;
  std::uint64_t inputs = 0;
  bool sampled = false;
  std::uint64_t wrong = 0;
  double accuracy = 0;
  double area_percent = 0;
  double additional_mzis_percent = 0;
  std::uint64_t mzis = 0;
  std::uint64_t dense_mzis = 0;
};

/// A variant of an experiment of `optinc reproduce fig7a` beside what the paper says. Differences are to the baseline
/// of the same seed: percentage points of top-1, or nats. NaN where there is none.
struct TrainingReproduction {
  std::string figure;      ///< its title
  std::string experiment;  ///< in words
  std::string variant;
  std::string baseline;  ///< empty: nothing to compare with
  std::string metric;    ///< "validation_loss" or "validation_top1_percent"
  double paper_difference = 0;
  std::uint64_t seeds = 0;  ///< of the mean
  double mean = 0;
  double standard_deviation = 0;
  std::uint64_t pairs = 0;  ///< of the difference
  double difference = 0;
  double interval_low = 0;
  double interval_high = 0;
  std::vector<std::string> differs;  ///< from the paper, in words
};

struct Runs {
  std::vector<DesignRun> designs;
  std::vector<TrainRun> trainings;
  std::vector<RunHeader> others;  ///< of `optinc reproduce`
  std::vector<Reproduction> reproductions;
  std::vector<TrainingReproduction> training_reproductions;
  FrontRuns front;
  std::vector<SearchRun> searches;
  LightRuns light;
  ScaleRuns scale;
};

/// Whether the report has a place for what this command records.
bool is_drawn(std::string_view command);

/// All runs of all files, in the order given. What a run wrote behind the point it was later resumed from, its result
/// too, is left out: it was done again. Record types and keys that aren't known are passed over. Throws
/// base::InputError, one line, for no file at all, a file without a record, a record before the first `run`, and a key
/// that is missing or of the wrong type.
Runs read_runs(const std::vector<std::filesystem::path>& files);

}  // namespace optinc::report
