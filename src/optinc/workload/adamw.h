// The optimiser. Source: I. Loshchilov, F. Hutter, "Decoupled Weight Decay Regularization", arXiv:1711.05101.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace optinc::workload {

struct AdamWOptions {
  double beta1 = 0.9, beta2 = 0.95;
  double epsilon = 1e-8;
  double weight_decay = 0.1;
};

/// What a checkpoint has to keep.
struct AdamWState {
  std::vector<float> first_moment, second_moment;  ///< [parameters]
  std::int64_t updates = 0;
};

class AdamW {
 public:
  /// Weight decay is for the first `decayed` of `parameters` parameters.
  AdamW(const AdamWOptions& options, std::size_t parameters, std::size_t decayed);

  /// parameters [n] -= learning_rate * (corrected first moment / (sqrt(corrected second moment) + epsilon) + decay).
  void update(std::span<float> parameters, std::span<const float> gradient, double learning_rate);

  AdamWState& state() { return state_; }

 private:
  AdamWOptions options_;
  std::size_t decayed_;
  AdamWState state_;
};

}  // namespace optinc::workload
