// The gradient of a batch: the batch is cut in shards, one thread each.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "optinc/design/fares.h"
#include "optinc/design/loss.h"
#include "optinc/design/parameters.h"

namespace optinc::design {

/// The batch is always cut in the same shards and their gradients are added in the same order, whatever the threads.
inline constexpr int kShards = 2;

/// What turns the network's outputs into a loss.
struct Objective {
  Loss loss = Loss::symbols;
  Normalisation normalisation;
  std::vector<float> symbol_weights;  ///< w_i [M] of the loss `symbols`
  std::vector<float> steps;  ///< steps of the output in a level [M] (device/device_shape.h): margins are in steps
  float margin = 0.25f;      ///< of the loss `margin`, and of quiet samples, in steps
};

/// Gaussian noise on every layer's sums, before its ReLU (a detector's) or on its outputs, behind it.
struct SumNoise {
  std::vector<float> rms;  ///< [layers]; empty: none
  std::uint64_t seed = 0;
  std::uint64_t batch = 0;  ///< its number: what is drawn is a function of seed, batch, sample and layer
  bool behind_relu = false;
};

class BatchGradient {
 public:
  /// Buffers for batches of up to `largest_batch` samples.
  BatchGradient(const ParameterLayout& layout, std::size_t largest_batch, int threads);
  ~BatchGradient();

  /// inputs [samples, K] normalised; targets [samples, M] in levels. fares [samples] are overwritten. Returns the loss,
  /// its mean over the samples; its gradient is the sum of shard_gradients().
  double compute(const std::vector<float>& parameters, std::size_t samples, const float* inputs, const float* targets,
                 const Objective& objective, Fare* fares, const SumNoise& noise = {});

  /// One gradient [layout.size()] a shard, of the last call.
  std::vector<const float*> shard_gradients() const;

 private:
  class Shard;
  int input_width_, output_width_;
  int threads_;
  std::vector<std::unique_ptr<Shard>> shards_;
};

}  // namespace optinc::design
