#include "optinc/onn/normalisation.h"

#include <algorithm>
#include <cmath>

#include "optinc/base/error.h"

namespace optinc::onn {
namespace {

void check(const Units& units, const char* of) {
  base::require(std::isfinite(units.scale) && units.scale != 0, "scale {} of the {}: expected a finite number, not 0",
                units.scale, of);
  base::require(std::isfinite(units.shift), "shift {} of the {}: expected a finite number", units.shift, of);
}

void check_finite(const Layer& layer, const char* which) {
  const auto finite = [](float value) { return std::isfinite(value); };
  base::require(std::ranges::all_of(layer.weight, finite) && std::ranges::all_of(layer.bias, finite),
                "the {} layer exceeds float32's range in levels, expected scales and shifts that it can bear", which);
}

}  // namespace

Network in_levels(Network network, const Units& inputs, const Units& outputs) {
  check(inputs, "inputs");
  check(outputs, "outputs");
  Layer& first = network.layers.front();
  for (int i = 0; i < first.outputs; ++i) {
    double bias = first.bias[i];
    for (int j = 0; j < first.inputs; ++j) {
      float& weight = first.weight[static_cast<std::size_t>(i) * first.inputs + j];
      bias -= weight * inputs.shift / inputs.scale;
      weight = static_cast<float>(weight / inputs.scale);
    }
    first.bias[i] = static_cast<float>(bias);
  }
  check_finite(first, "first");
  Layer& last = network.layers.back();
  for (float& weight : last.weight) weight = static_cast<float>(outputs.scale * weight);
  for (float& bias : last.bias) bias = static_cast<float>(outputs.scale * bias + outputs.shift);
  check_finite(last, "last");
  return network;
}

}  // namespace optinc::onn
