// An ONN as data: a multilayer perceptron with ReLU between its layers (none after the last).
#pragma once

#include <vector>

namespace optinc::onn {

/// outputs = weight * inputs + bias. Light: the weight is an array of interferometers, the bias constant reference
/// light.
struct Layer {
  int outputs = 0;
  int inputs = 0;
  std::vector<float> weight;  ///< [outputs, inputs], row-major
  std::vector<float> bias;    ///< [outputs]

  bool operator==(const Layer&) const = default;
};

struct Network {
  std::vector<Layer> layers;

  int inputs() const { return layers.front().inputs; }
  int outputs() const { return layers.back().outputs; }
  /// Layer widths from input to output, like 4-64-128-256-128-64-4: one more than there are layers.
  std::vector<int> widths() const;

  bool operator==(const Network&) const = default;
};

}  // namespace optinc::onn
