// Records of `optinc train` as runs (doc/format_records.md).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "optinc/report/record_fields.h"
#include "optinc/report/run_header.h"

namespace optinc::report {

/// What a validation gives.
enum class Metric {
  loss,  ///< mean cross-entropy in nats, a token or an image: less is better
  top1,  ///< images classified right, in percent: more is better
};

struct Step {
  std::uint64_t step = 0;
  double loss = 0;  ///< NaN if it was not finite
  double seconds = 0;
  std::uint64_t non_finite_blocks = 0;
};

struct Validation {
  std::uint64_t step = 0;
  double loss = 0;             ///< nats; NaN if it was not finite
  std::optional<double> top1;  ///< share of the images, 0 .. 1; none for text
  /// In the metric's unit; NaN where there is none.
  double value(Metric metric) const;
};

/// What the hardware would take for all all-reduces of a run, by formula. NaN where a record has null.
struct ModelledReduce {
  double line_rate_gbps = 0;
  double round_latency_s = 0;
  double optinc_seconds = 0;
  double ring_seconds = 0;
};

/// Seconds are measured and of the whole run. Old records lack those that are optional.
struct TrainResult {
  std::uint64_t steps = 0;
  double validation_loss = 0;
  double seconds = 0;
  double reduce_seconds = 0;  ///< in all-reduce
  double payload_bytes = 0;
  double wire_bytes = 0;
  std::optional<double> compute_seconds;  ///< forward, backward, data
  std::optional<double> wait_seconds;     ///< for the slowest rank; no part of reduce_seconds
  double quantise_seconds = 0;            ///< scales, encode, decode; a part of reduce_seconds
  double emulate_seconds = 0;             ///< what stands for the device; a part of reduce_seconds
  std::optional<double> apply_seconds;    ///< clipping, optimiser
  std::optional<double> validate_seconds;
  std::optional<ModelledReduce> modelled;
};

/// Errors put into the average on purpose.
struct InjectedErrors {
  std::string source;  ///< "table2:4-7", "rate:1e-4", or the name of the record file that has them
  double rate = 0;     ///< share of wrong codes; NaN where it is not said
};

/// A server's light that no longer arrives, on purpose.
struct LostPort {
  std::uint64_t port = 0;
  std::uint64_t step = 0;  ///< the first without it
};

/// A simulated chip.
struct ChipUse {
  std::string hardware;     ///< a preset or a file
  std::string differences;  ///< from ideal parts, as JSON
  std::string correction;
  std::uint64_t number = 0;
  double hours_per_step = 0;  ///< it ages
};

/// How gradients went through the optics.
struct DesignUse {
  std::string file;  ///< empty: no design, an ideal device that computes in whole numbers
  std::uint64_t bits = 0;
  std::string rounding;
  /// Empty, or 0, in old records.
  std::string scale_format;
  std::string quantiser_rounding;
  std::uint64_t block = 0;
  bool error_feedback = false;
  std::optional<InjectedErrors> injected;
  std::string cascade_mode;  ///< between the levels; empty: no cascade of designs
  std::optional<ChipUse> chip;
  std::uint64_t fail_step = 0;  ///< the first without the device, on purpose; 0: none
  std::optional<LostPort> lost_port;
};

/// Tokens for text, images for images: the other is 0.
struct TrainData {
  std::uint64_t train_tokens = 0;
  std::uint64_t validation_tokens = 0;
  std::uint64_t train_images = 0;
  std::uint64_t validation_images = 0;
  std::uint64_t classes = 0;
  double steps_per_epoch = 0;  ///< not whole where a step takes several batches
  bool has_images() const { return train_images > 0; }
  /// How often `steps` go through the images; NaN for text.
  double epochs(std::uint64_t steps) const;
  bool operator==(const TrainData&) const = default;
};

/// A run of `optinc train`. A killed run lacks its last records.
struct TrainRun {
  RunHeader header;
  std::string model;   ///< "llama", "resnet20", "resnet18", "resnet50"
  std::string reduce;  ///< "exact", "ring", "optinc", "optinc-cascade-basic", "optinc-cascade", "chip"
  std::string transport;
  std::uint64_t workers = 0;
  std::uint64_t parameters = 0;
  TrainData data;
  std::uint64_t planned_steps = 0;  ///< 0 where the options don't say
  std::optional<DesignUse> design;  ///< none for exact and ring
  std::vector<Step> steps;
  std::vector<Validation> validations;
  std::optional<TrainResult> result;
};

/// The `run` record. Throws base::InputError as RecordFields does.
TrainRun read_train_run(const RecordFields& fields, RunHeader header);
/// Any other record of the run. Throws likewise.
void add_to_training(const RecordFields& fields, const std::string& type, TrainRun& run);

}  // namespace optinc::report
