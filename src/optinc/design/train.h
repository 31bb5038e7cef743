// Hardware-aware training of an ONN (paper section III-B): Adam on the whole set of possible inputs, two losses one
// after the other, the matrix approximation applied every few steps and enforced at the end; done as soon as every
// input is right.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <vector>

#include "optinc/base/record.h"
#include "optinc/design/loss.h"
#include "optinc/device/device_shape.h"
#include "optinc/onn/design.h"
#include "optinc/verify/verify.h"

namespace optinc::design {

struct TrainOptions {
  device::DeviceShape shape;
  std::vector<int> widths;  ///< K, hidden widths, M
  onn::LayerSet approximated;
  std::uint64_t seed = 1;
  int threads = 0;  ///< 0: all that are available; the result does not depend on it

  int epochs = 300;  ///< at most; the learning rate's one cycle spans them all
  int batch = 512;
  double learning_rate = 4e-3;  ///< at the top of its cycle
  int first_stage_epochs = 60;  ///< E1: epochs of the loss `symbols`
  Loss second_stage_loss = Loss::margin;
  std::vector<float> symbol_weights;  ///< w_i [M] of the loss `symbols`; empty: all 1
  int project_every = 8;              ///< steps between two projections
  /// Share of the epochs behind which those of the margin loss mine: mostly inputs that still need it are seen
  /// (sampler.h).
  double mine_after = 0.7;
  /// An epoch that saw fewer wrong samples than this share is followed by a verification of every input.
  double verify_below = 2e-3;

  std::filesystem::path checkpoint;  ///< written between epochs; empty: none
  double checkpoint_every_s = 20;    ///< seconds between two checkpoints
  bool resume = false;               ///< start from the checkpoint
};

struct TrainResult {
  onn::Design design;
  verify::Verification verification;  ///< of `design`, on every input
  int epochs = 0;
  double seconds = 0;
  double gflops = 0;  ///< of the training proper: 6 floating-point operations a weight and sample, over its time
};

/// What a finished epoch is told to.
struct EpochReport {
  int epoch;            ///< from 1
  int stage;            ///< 1 or 2
  double loss;          ///< mean over the epoch
  std::uint64_t wrong;  ///< inputs that were wrong when they were last seen
  double learning_rate;
  double seconds;  ///< since the start, resumed parts added
};

/// Throws base::InputError for options that do not fit together, base::RunError when training diverges.
TrainResult train(const TrainOptions& options, const std::function<void(const EpochReport&)>& on_epoch);

/// Everything that the course of a run depends on, by the long names of the options: for records and checkpoints.
base::Json configuration(const TrainOptions& options);

/// Throws base::InputError, one line, unless the options fit together.
void check(const TrainOptions& options);

}  // namespace optinc::design
