// Data-parallel training of the language model: each rank takes the gradient of its own batch, an all-reduce averages
// them, and all ranks make the same AdamW step.
#pragma once

#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <string>

#include "optinc/base/record.h"
#include "optinc/collective/all_reduce.h"
#include "optinc/collective/transport.h"
#include "optinc/workload/adamw.h"
#include "optinc/workload/corpus.h"
#include "optinc/workload/llama.h"

namespace optinc::workload {

struct TrainOptions {
  CorpusOptions corpus;  ///< its `vocab` is the model's too
  LlamaOptions model;    ///< `vocab` is taken from `corpus`

  int steps = 300;
  int batch = 8;  ///< sequences of model.context tokens a worker and step
  double learning_rate = 5e-3;
  int warmup_steps = 20;
  AdamWOptions optimiser;
  double clip_norm = 1;  ///< longest averaged gradient (Euclidean norm); longer ones are scaled down to it
  std::uint64_t seed = 1;

  int validate_every = 50;           ///< steps; 0: after the last step only
  int validation_windows = 256;      ///< at most so many sequences, evenly spaced in the validation text; 0: all of it
  std::filesystem::path checkpoint;  ///< empty: none
  int checkpoint_every = 50;         ///< steps; one is written after the last step too
  bool resume = false;               ///< go on from `checkpoint`

  /// For tests of what follows: in step `inject_nan_step` (from 1) the gradient of worker `inject_nan_worker` gets a
  /// NaN.
  int inject_nan_step = -1, inject_nan_worker = 0;
};

/// What the `run` record says and only the caller knows. `reduce` and `design` are part of a checkpoint's fingerprint.
struct RunDescription {
  std::string reduce;     ///< "ring" or "optinc"
  std::string transport;  ///< "threads" or "mpi"
  base::Json config;      ///< every option by its long name
  base::Json design;      ///< file, bits, servers, rounding; null for ring
};

/// Where rank 0 reports to; the others report nothing. Null: nowhere.
struct TrainOutput {
  base::RecordWriter* records = nullptr;  ///< doc/format_records.md
  std::FILE* progress = nullptr;
};

struct TrainResult {
  std::int64_t steps = 0;
  std::size_t parameters = 0;
  double validation_loss = 0;  ///< mean cross-entropy a token, in nats, after the last step
  double seconds = 0, reduce_seconds = 0;
  std::uint64_t payload_bytes = 0, wire_bytes = 0;
};

/// The rate of `step` (from 1): linear warm-up, then a half cosine down to a tenth of the highest rate at the last
/// step.
double learning_rate_at(const TrainOptions& options, std::int64_t step);

/// Runs this rank's part; all ranks call it together, with the same options and `all_reduce` over the same transport.
/// The losses are functions of options, ranks and all-reduce alone: threads or processes, resumed or not, the same
/// bits.
///
/// When the averaged gradient has a NaN or Inf, all ranks leave the step out, as mixed-precision training does.
///
/// Throws base::InputError (the same at every rank) for impossible options, texts that can't be used and a checkpoint
/// of another run; base::RunError when ten steps in a row had to be left out, and when a peer or the disk fails.
TrainResult train_worker(const TrainOptions& options, const RunDescription& run, collective::Transport& transport,
                         collective::AllReduce& all_reduce, const TrainOutput& output);

}  // namespace optinc::workload
