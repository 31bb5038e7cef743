// Hardware-aware training of an ONN (paper section III-B): Adam on the whole set of possible inputs, two losses one
// after the other, the matrix approximation applied every few steps and enforced at the end; done as soon as every
// input is right.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <vector>

#include "optinc/base/record.h"
#include "optinc/design/chip_noise.h"
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
  /// Samples an epoch; 0: as many as there are inputs, between kSmallestEpoch and kLargestEpoch.
  std::uint64_t epoch_samples = 0;
  static constexpr std::uint64_t kSmallestEpoch = std::uint64_t{1} << 14, kLargestEpoch = std::uint64_t{1} << 18;
  int batch = 512;
  double learning_rate = 4e-3;  ///< at the top of its cycle
  int first_stage_epochs = 60;  ///< E1: epochs of the loss `symbols`
  Loss second_stage_loss = Loss::margin;
  double margin = 0.25;               ///< of the loss `margin`, in steps of the output (loss.h)
  std::vector<float> symbol_weights;  ///< w_i [M] of the loss `symbols`; empty: all 1
  int project_every = 8;              ///< steps between two projections
  /// Share of the epochs behind which those of the margin loss mine: mostly inputs that still need it are seen
  /// (sampler.h).
  double mine_after = 0.7;
  /// When fewer inputs than this share were wrong as they were last seen, every input is verified: after an epoch, at
  /// most once in as many samples as there are inputs. What is wrong is mined.
  double verify_below = 2e-3;
  /// Simulated chips in the loop, a new one after every projection; null: ideal parts.
  std::shared_ptr<const ChipNoiseOptions> noise;
  /// Relative noise (verify/relative_noise.h) on every layer's outputs; 0: none. Hidden wires are scaled to use the
  /// whole range at the start, and layers at the start of every such epoch (ranges.h).
  double relative_noise = 0;
  /// Share of the epochs that run on chips or under relative noise, without mining; their `wrong` counts inputs wrong
  /// there. The others end on ideal parts, so that every input is right again.
  double noise_until = 0.8;
  /// Start from this network instead of a random one; null: random.
  std::shared_ptr<const onn::Design> start;

  double part_s = 0;                 ///< seconds after which a part ends with a checkpoint; 0: no end
  std::filesystem::path checkpoint;  ///< written between epochs; empty: none
  double checkpoint_every_s = 20;    ///< seconds between two checkpoints
  bool resume = false;               ///< start from the checkpoint
};

struct TrainResult {
  onn::Design design;
  verify::Verification verification;  ///< of `design`, on every input
  bool unfinished = false;            ///< the part ended before the run did: design and verification are empty
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
