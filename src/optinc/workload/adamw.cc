#include "optinc/workload/adamw.h"

#include <cmath>

namespace optinc::workload {

AdamW::AdamW(const AdamWOptions& options, std::size_t parameters, std::size_t decayed)
    : options_(options), decayed_(decayed) {
  state_.first_moment.assign(parameters, 0);
  state_.second_moment.assign(parameters, 0);
}

void AdamW::update(std::span<float> parameters, std::span<const float> gradient, double learning_rate) {
  const double updates = static_cast<double>(++state_.updates);
  const auto beta1 = static_cast<float>(options_.beta1), beta2 = static_cast<float>(options_.beta2);
  const auto correction = static_cast<float>(1 / std::sqrt(1 - std::pow(options_.beta2, updates)));
  const auto rate = static_cast<float>(learning_rate / (1 - std::pow(options_.beta1, updates)));
  const auto epsilon = static_cast<float>(options_.epsilon);
  const auto kept = static_cast<float>(1 - learning_rate * options_.weight_decay);
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    float& first = state_.first_moment[i];
    float& second = state_.second_moment[i];
    first = beta1 * first + (1 - beta1) * gradient[i];
    second = beta2 * second + (1 - beta2) * gradient[i] * gradient[i];
    if (i < decayed_) parameters[i] *= kept;
    parameters[i] -= rate * first / (std::sqrt(second) * correction + epsilon);
  }
}

}  // namespace optinc::workload
