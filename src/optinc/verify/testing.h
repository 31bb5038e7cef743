// Networks for tests of this folder.
#pragma once

#include <cmath>
#include <cstdint>
#include <vector>

#include "optinc/base/random.h"
#include "optinc/device/device_shape.h"
#include "optinc/onn/network.h"

namespace optinc::verify {

/// Uniform weights that keep the size of activations about the same, and small biases.
inline onn::Network random_network(const std::vector<int>& widths, std::uint64_t seed) {
  const base::CounterStream stream(seed, 0);
  std::uint64_t index = 0;
  onn::Network network;
  for (std::size_t l = 0; l + 1 < widths.size(); ++l) {
    onn::Layer layer{.outputs = widths[l + 1], .inputs = widths[l], .weight = {}, .bias = {}};
    const double size = std::sqrt(6.0 / layer.inputs);
    for (int i = 0; i < layer.outputs * layer.inputs; ++i) {
      layer.weight.push_back(static_cast<float>(size * (2 * stream.uniform(index++) - 1)));
    }
    for (int i = 0; i < layer.outputs; ++i) layer.bias.push_back(static_cast<float>(stream.uniform(index++) - 0.5));
    network.layers.push_back(layer);
  }
  return network;
}

/// 2 bits, 2 servers, one input A = 0, 1/2, ... 3 and one symbol: floor(A) as a sum of ramps between lattice points,
/// sum_j 4 (relu(A - j + 3/8) - relu(A - j + 1/8)), so that an error below 1/8 changes nothing, one up to 1/4 not the
/// symbol, and at 1/4 a ramp stands at its middle.
inline const device::DeviceShape kStairShape{.bits = 2, .servers = 2, .inputs = 1};

inline onn::Network staircase() {
  onn::Layer ramps{.outputs = 6, .inputs = 1, .weight = std::vector<float>(6, 1.0f), .bias = {}};
  onn::Layer sum{.outputs = 1, .inputs = 6, .weight = {}, .bias = {0}};
  for (int j = 1; j <= 3; ++j) {
    for (const float side : {1.0f, -1.0f}) {
      ramps.bias.push_back(-static_cast<float>(j) + 0.25f + side * 0.125f);
      sum.weight.push_back(4 * side);
    }
  }
  return {{ramps, sum}};
}

}  // namespace optinc::verify
