#include "optinc/design/parameters.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "optinc/base/error.h"
#include "optinc/base/random.h"
#include "optinc/linalg/polar.h"
#include "optinc/onn/normalisation.h"

namespace optinc::design {

ParameterLayout::ParameterLayout(const std::vector<int>& widths) {
  for (std::size_t i = 0; i + 1 < widths.size(); ++i) {
    const std::size_t outputs = widths[i + 1], inputs = widths[i];
    layers_.push_back({widths[i + 1], widths[i], size_, size_ + outputs * inputs});
    size_ += outputs * inputs + outputs;
    weights_ += outputs * inputs;
  }
}

namespace {
constexpr std::uint64_t kBiasStreams = std::uint64_t{1} << 63;  // away from those of the squares
}

std::vector<float> orthogonal_start(const ParameterLayout& layout, std::uint64_t seed) {
  std::vector<float> parameters(layout.size(), 0.0f);
  std::uint64_t square = 0;
  for (std::size_t i = 0; i < layout.layers().size(); ++i) {
    const ParameterLayout::Place& layer = layout.layers()[i];
    const bool last = i + 1 == layout.layers().size();
    // A ReLU halves the mean square; squares side by side add theirs up.
    const double gain = (last ? 1.0 : std::sqrt(2.0)) * std::sqrt(std::min(1.0, double(layer.outputs) / layer.inputs));
    const int side = std::min(layer.outputs, layer.inputs);
    for (int top = 0; top < layer.outputs; top += side) {
      for (int left = 0; left < layer.inputs; left += side) {
        const linalg::Matrix u = linalg::random_orthogonal(side, seed, square++);
        for (int row = 0; row < std::min(side, layer.outputs - top); ++row) {
          for (int column = 0; column < std::min(side, layer.inputs - left); ++column) {
            parameters[layer.weight + std::size_t(top + row) * layer.inputs + left + column] =
                static_cast<float>(gain * u(row, column));
          }
        }
      }
    }
    // Biases spread over the range of the sums put the ReLUs' corners all over the inputs.
    if (last) break;
    const base::CounterStream stream(seed, kBiasStreams + i);
    for (int row = 0; row < layer.outputs; ++row) {
      parameters[layer.bias + row] = static_cast<float>(2 * stream.uniform(row) - 1);
    }
  }
  return parameters;
}

Normalisation::Normalisation(const device::DeviceShape& shape) {
  // All inputs share one shift and scale, and so do all outputs: an approximated layer stays diagonal * orthogonal.
  const double levels = std::ldexp(1.0, 2 * shape.symbols_per_input());
  input_shift = (levels - 1) / 2;
  input_scale = levels / std::sqrt(12.0);  // the standard deviation of a uniform level
  output_shift = 1.5;
  output_scale = std::sqrt(1.25);
}

onn::Network to_network(const ParameterLayout& layout, const std::vector<float>& parameters,
                        const Normalisation& normalisation) {
  onn::Network network;
  for (const ParameterLayout::Place& place : layout.layers()) {
    onn::Layer layer{place.outputs, place.inputs, {}, {}};
    layer.weight.assign(parameters.begin() + place.weight, parameters.begin() + place.bias);
    layer.bias.assign(parameters.begin() + place.bias, parameters.begin() + place.bias + place.outputs);
    network.layers.push_back(std::move(layer));
  }
  return onn::in_levels(std::move(network), {normalisation.input_scale, normalisation.input_shift},
                        {normalisation.output_scale, normalisation.output_shift});
}

std::vector<float> from_network(const ParameterLayout& layout, const onn::Network& network,
                                const Normalisation& normalisation) {
  base::require(network.layers.size() == layout.layers().size(), "a network of {} layers: expected {}",
                network.layers.size(), layout.layers().size());
  std::vector<float> parameters(layout.size());
  for (std::size_t i = 0; i < network.layers.size(); ++i) {
    const ParameterLayout::Place& place = layout.layers()[i];
    const onn::Layer& layer = network.layers[i];
    base::require(layer.outputs == place.outputs && layer.inputs == place.inputs,
                  "layer {} is {} x {}: expected {} x {}", i + 1, layer.outputs, layer.inputs, place.outputs,
                  place.inputs);
    for (int row = 0; row < layer.outputs; ++row) {
      double bias = layer.bias[row];
      for (int column = 0; column < layer.inputs; ++column) {
        const std::size_t at = std::size_t(row) * layer.inputs + column;
        double weight = layer.weight[at];
        if (i == 0) {
          bias += weight * normalisation.input_shift;
          weight *= normalisation.input_scale;
        }
        if (i + 1 == network.layers.size()) weight /= normalisation.output_scale;
        parameters[place.weight + at] = static_cast<float>(weight);
      }
      if (i + 1 == network.layers.size()) bias = (bias - normalisation.output_shift) / normalisation.output_scale;
      parameters[place.bias + row] = static_cast<float>(bias);
    }
  }
  return parameters;
}

}  // namespace optinc::design
