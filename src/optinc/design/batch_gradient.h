// The gradient of a batch, on LibTorch's kernels: the batch is cut in shards, one thread each.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "optinc/design/loss.h"
#include "optinc/design/parameters.h"

namespace optinc::design {

/// The batch is always cut in the same shards and their gradients are added in the same order, whatever the threads.
inline constexpr int kShards = 2;

/// How a sample fared: `quiet`, every symbol within the margin of 1/4 level; `loud`, one beyond it; `wrong`, one that
/// the receiver gets wrong (1/2 or more).
enum class Fare : std::uint8_t { quiet, loud, wrong };

class BatchGradient {
 public:
  /// Buffers for batches of up to `largest_batch` samples. symbol_weights: w_i [M] of the loss `symbols`.
  BatchGradient(const ParameterLayout& layout, std::size_t largest_batch, std::vector<float> symbol_weights,
                int threads);
  ~BatchGradient();

  /// inputs [samples, K] normalised; targets [samples, M] in symbols; output_shift and _scale turn the network's
  /// outputs into symbols. gradient [layout.size()] and fares [samples] are overwritten. Returns the loss, its mean
  /// over the samples.
  double compute(const std::vector<float>& parameters, std::size_t samples, const float* inputs, const float* targets,
                 const Normalisation& normalisation, Loss loss, std::vector<float>& gradient, Fare* fares);

 private:
  class Shard;
  const ParameterLayout& layout_;
  int threads_;
  std::vector<std::unique_ptr<Shard>> shards_;
};

}  // namespace optinc::design
