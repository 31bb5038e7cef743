#include "optinc/workload/optimiser.h"

#include <cmath>

#include "optinc/base/error.h"

namespace optinc::workload {
namespace {

class AdamW : public Optimiser {
 public:
  AdamW(const AdamWOptions& options, double weight_decay, std::size_t parameters, std::size_t decayed)
      : options_(options), weight_decay_(weight_decay), decayed_(decayed) {
    state_.moments.assign(2, std::vector<float>(parameters));
  }

  // p -= rate * (corrected first moment / (sqrt(corrected second moment) + epsilon) + decay * p).
  void update(std::span<float> parameters, std::span<const float> gradient, double learning_rate) override {
    const double updates = static_cast<double>(++state_.updates);
    const auto beta1 = static_cast<float>(options_.beta1), beta2 = static_cast<float>(options_.beta2);
    const auto correction = static_cast<float>(1 / std::sqrt(1 - std::pow(options_.beta2, updates)));
    const auto rate = static_cast<float>(learning_rate / (1 - std::pow(options_.beta1, updates)));
    const auto epsilon = static_cast<float>(options_.epsilon);
    const auto kept = static_cast<float>(1 - learning_rate * weight_decay_);
    float *const first = state_.moments[0].data(), *const second = state_.moments[1].data();
    for (std::size_t i = 0; i < parameters.size(); ++i) {
      first[i] = beta1 * first[i] + (1 - beta1) * gradient[i];
      second[i] = beta2 * second[i] + (1 - beta2) * gradient[i] * gradient[i];
      if (i < decayed_) parameters[i] *= kept;
      parameters[i] -= rate * first[i] / (std::sqrt(second[i]) * correction + epsilon);
    }
  }

  OptimiserState& state() override { return state_; }

 private:
  AdamWOptions options_;
  double weight_decay_;
  std::size_t decayed_;
  OptimiserState state_;
};

class Sgd : public Optimiser {
 public:
  Sgd(const SgdOptions& options, double weight_decay, std::size_t parameters, std::size_t decayed)
      : options_(options), weight_decay_(weight_decay), decayed_(decayed) {
    state_.moments.assign(1, std::vector<float>(parameters));
  }

  void update(std::span<float> parameters, std::span<const float> gradient, double learning_rate) override {
    ++state_.updates;
    const auto decay = static_cast<float>(weight_decay_);
    update_part(parameters.first(decayed_), gradient.first(decayed_), state_.moments[0].data(), decay, learning_rate);
    update_part(parameters.subspan(decayed_), gradient.subspan(decayed_), state_.moments[0].data() + decayed_, 0,
                learning_rate);
  }

  OptimiserState& state() override { return state_; }

 private:
  void update_part(std::span<float> parameters, std::span<const float> gradient, float* velocity, float decay,
                   double learning_rate) const {
    const auto momentum = static_cast<float>(options_.momentum), rate = static_cast<float>(learning_rate);
    const float look_ahead = options_.nesterov ? momentum : 1;
    const float own = options_.nesterov ? 1 : 0;
    for (std::size_t i = 0; i < parameters.size(); ++i) {
      const float slope = gradient[i] + decay * parameters[i];
      velocity[i] = momentum * velocity[i] + slope;
      parameters[i] -= rate * (own * slope + look_ahead * velocity[i]);
    }
  }

  SgdOptions options_;
  double weight_decay_;
  std::size_t decayed_;
  OptimiserState state_;
};

}  // namespace

std::string to_string(OptimiserKind kind) {
  return kind == OptimiserKind::adamw ? "adamw" : "sgd";
}

OptimiserKind parse_optimiser(const std::string& name) {
  for (const OptimiserKind kind : {OptimiserKind::adamw, OptimiserKind::sgd}) {
    if (to_string(kind) == name) return kind;
  }
  base::refuse("optimiser \"{}\": expected adamw or sgd", name);
}

void check(const OptimiserOptions& options) {
  using base::require;
  require(options.weight_decay >= 0 && options.weight_decay <= 1, "weight decay {}: expected 0 to 1",
          options.weight_decay);
  require(options.sgd.momentum >= 0 && options.sgd.momentum < 1, "momentum {}: expected 0 to below 1",
          options.sgd.momentum);
}

base::Json to_json(const OptimiserOptions& options) {
  base::Json json{{"optimiser", to_string(options.kind)}, {"weight_decay", options.weight_decay}};
  if (options.kind == OptimiserKind::adamw) {
    json.update({{"beta1", options.adamw.beta1}, {"beta2", options.adamw.beta2}, {"epsilon", options.adamw.epsilon}});
  } else {
    json.update({{"momentum", options.sgd.momentum}, {"nesterov", options.sgd.nesterov}});
  }
  return json;
}

std::unique_ptr<Optimiser> make_optimiser(const OptimiserOptions& options, std::size_t parameters,
                                          std::size_t decayed) {
  check(options);
  if (options.kind == OptimiserKind::adamw) {
    return std::make_unique<AdamW>(options.adamw, options.weight_decay, parameters, decayed);
  }
  return std::make_unique<Sgd>(options.sgd, options.weight_decay, parameters, decayed);
}

}  // namespace optinc::workload
