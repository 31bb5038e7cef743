// Adam (Kingma and Ba 2015) on a flat buffer.
#pragma once

#include <cmath>
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

  void step(std::vector<float>& parameters, const std::vector<float>& gradient, double learning_rate) {
    ++steps;
    const double correction1 = 1 - std::pow(kBeta1, static_cast<double>(steps));
    const double correction2 = 1 - std::pow(kBeta2, static_cast<double>(steps));
    const auto rate = static_cast<float>(learning_rate / correction1);
    const auto root = static_cast<float>(1 / std::sqrt(correction2));
    constexpr auto kKeep1 = static_cast<float>(kBeta1), kKeep2 = static_cast<float>(kBeta2);
    for (std::size_t i = 0; i < parameters.size(); ++i) {
      mean[i] = kKeep1 * mean[i] + (1 - kKeep1) * gradient[i];
      variance[i] = kKeep2 * variance[i] + (1 - kKeep2) * gradient[i] * gradient[i];
      parameters[i] -= rate * mean[i] / (std::sqrt(variance[i]) * root + static_cast<float>(kEpsilon));
    }
  }
};

}  // namespace optinc::design
