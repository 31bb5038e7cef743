// Data-parallel training: each rank takes the gradient of its own batch, an all-reduce averages them, and all ranks
// make the same step.
#pragma once

#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <optional>
#include <string>

#include "optinc/base/record.h"
#include "optinc/collective/all_reduce.h"
#include "optinc/collective/transport.h"
#include "optinc/workload/account.h"
#include "optinc/workload/learning_rate.h"
#include "optinc/workload/optimiser.h"
#include "optinc/workload/task.h"

namespace optinc::workload {

struct TrainOptions {
  int steps = 300;
  int accumulate = 1;  ///< batches a worker and step, whose gradients are averaged before the all-reduce
  LearningRate learning_rate;
  OptimiserOptions optimiser;
  double clip_norm = 1;  ///< longest averaged gradient (Euclidean norm); longer ones are scaled down to it; 0: any
  std::uint64_t seed = 1;

  /// What quantising leaves over of a gradient is added to the next one, at each rank its own. Source: F. Seide et al.,
  /// "1-bit stochastic gradient descent", Interspeech 2014; S. P. Karimireddy et al., arXiv:1901.09847.
  bool error_feedback = false;

  int validate_every = 50;           ///< steps; 0: after the last step only
  std::filesystem::path checkpoint;  ///< empty: none
  int checkpoint_every = 50;         ///< steps; one is written after the last step too
  bool resume = false;               ///< go on from `checkpoint`
  std::filesystem::path weights;     ///< safetensors, written at the end; empty: none

  /// For tests of what follows: in step `inject_nan_step` (from 1) the gradient of worker `inject_nan_worker` gets a
  /// NaN.
  int inject_nan_step = -1, inject_nan_worker = 0;
};

/// Throws base::InputError for options that can't be.
void check(const TrainOptions& options, int workers);

/// What the `run` record says and only the caller knows. `reduce` and `design` are part of a checkpoint's fingerprint.
struct RunDescription {
  std::string reduce;     ///< "exact", "ring", "optinc", ...
  std::string transport;  ///< "threads", "tcp" or "mpi"
  base::Json config;      ///< options by their long names
  base::Json design;      ///< file, bits, servers, rounding, ...; null where there are no optics
};

/// Where rank 0 reports to; the others report nothing. Null: nowhere.
struct TrainOutput {
  base::RecordWriter* records = nullptr;  ///< doc/format_records.md
  std::FILE* progress = nullptr;
};

struct TrainResult {
  std::int64_t steps = 0;
  std::size_t parameters = 0;
  double validation_loss = 0;             ///< mean cross-entropy a token or an image, in nats, after the last step
  std::optional<double> validation_top1;  ///< share of the validation images classified right
  double seconds = 0;
  Account account;  ///< rank 0's
  std::uint64_t payload_bytes = 0, wire_bytes = 0;
  base::Json modelled;  ///< what the hardware would have taken (doc/format_records.md)
};

/// The record `result` of doc/format_records.md, without its type.
base::Json to_json(const TrainResult& result);

/// Runs this rank's part; all ranks call it together, with the same options, tasks of the same options, and
/// `all_reduce` over the same transport. The losses are functions of options, task, ranks and all-reduce alone: threads
/// or processes, resumed or not, the same bits.
///
/// When the averaged gradient has a NaN or Inf, all ranks leave the step out, as mixed-precision training does: with
/// the task's statistics and what error feedback carries over as they were before it.
///
/// Throws base::InputError (the same at every rank) for impossible options and a checkpoint of another run;
/// base::RunError when ten steps in a row had to be left out, and when a peer or the disk fails.
TrainResult train_worker(const TrainOptions& options, const RunDescription& run, Task& task,
                         collective::Transport& transport, collective::AllReduce& all_reduce,
                         const TrainOutput& output);

}  // namespace optinc::workload
