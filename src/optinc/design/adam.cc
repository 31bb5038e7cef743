#include "optinc/design/adam.h"

#include <algorithm>
#include <cmath>

#include "optinc/base/parallel.h"

namespace optinc::design {

void Adam::step(std::vector<float>& parameters, const std::vector<const float*>& gradients, double learning_rate,
                int threads) {
  ++steps;
  const double correction1 = 1 - std::pow(kBeta1, static_cast<double>(steps));
  const double correction2 = 1 - std::pow(kBeta2, static_cast<double>(steps));
  const auto rate = static_cast<float>(learning_rate / correction1);
  const auto root = static_cast<float>(1 / std::sqrt(correction2));
  constexpr auto kKeep1 = static_cast<float>(kBeta1), kKeep2 = static_cast<float>(kBeta2);
  constexpr auto kSmall = static_cast<float>(kEpsilon);
  constexpr std::size_t kGrain = 1 << 16;
  base::parallel_for(parameters.size(), kGrain, threads, [&](std::size_t begin, std::size_t end, int) {
    constexpr std::size_t kTile = 1024;
    float sums[kTile];
    for (std::size_t first = begin; first < end; first += kTile) {
      const std::size_t count = std::min(kTile, end - first);
      float* const m = &mean[first];
      float* const v = &variance[first];
      float* const p = &parameters[first];
      for (std::size_t i = 0; i < count; ++i) sums[i] = 0;
      for (const float* gradient : gradients) {
        for (std::size_t i = 0; i < count; ++i) sums[i] += gradient[first + i];
      }
      for (std::size_t i = 0; i < count; ++i) {
        m[i] = kKeep1 * m[i] + (1 - kKeep1) * sums[i];
        v[i] = kKeep2 * v[i] + (1 - kKeep2) * sums[i] * sums[i];
        p[i] -= rate * m[i] / (std::sqrt(v[i]) * root + kSmall);
      }
    }
  });
}

}  // namespace optinc::design
