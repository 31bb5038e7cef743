// What averaging activations by light does to tensor parallelism: measured, on layers that are really split over ranks.
#pragma once

#include <cstdint>

#include "optinc/codec/block_quantiser.h"
#include "optinc/codec/rounding.h"

namespace optinc::cli {

struct TensorParallelQuestion {
  codec::QuantiserOptions quantiser;
  codec::Rounding rounding = codec::Rounding::nearest_unbiased;
  int servers = 4;
  int layers = 4;
  int tokens = 64;
  int hidden = 128;  ///< a multiple of `servers`
  /// The first of every 100 channels of the input is so many times as large as the others: blocks share one scale.
  double outlier = 1;
  std::uint64_t seed = 1;
};

/// Normalised mean square errors, over the mean square of what exact sums give.
struct TensorParallelError {
  double output_nmse = 0;    ///< of the last layer's output
  double gradient_nmse = 0;  ///< of the loss's gradient by the first layer's input
};

/// Layers x + relu(x A) B of Gaussian weights and inputs, without attention or norms, A [hidden, 4 hidden] split by
/// columns and B by rows over ranks as Megatron-LM does (arXiv:1909.08053): an all-reduce (sum) of activations a layer
/// forward, one of their gradients backward. Ranks are threads; once with exact sums in double, once through the
/// optics.
TensorParallelError tensor_parallel_error(const TensorParallelQuestion& question);

}  // namespace optinc::cli
