// Adam (Kingma and Ba 2015) on a flat buffer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace optinc::design {

struct Adam {
  static constexpr double kBeta1 = 0.9, kBeta2 = 0.999, kEpsilon = 1e-8;

  std::vector<float> mean;      ///< of the gradient
  std::vector<float> variance;  ///< of the gradient, uncentred
  std::uint64_t steps = 0;

  explicit Adam(std::size_t size) : mean(size, 0.0f), variance(size, 0.0f) {}

  /// One step against the sum of `gradients`, each [parameters.size()]. Parameters are shared out over `threads`; the
  /// result does not depend on it.
  void step(std::vector<float>& parameters, const std::vector<const float*>& gradients, double learning_rate,
            int threads);
};

}  // namespace optinc::design
