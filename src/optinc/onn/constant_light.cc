#include "optinc/onn/constant_light.h"

namespace optinc::onn {

Network with_constant_light(const Network& network, float levels) {
  Network result = network;
  if (result.layers.empty()) return result;
  Layer& first = result.layers.front();
  for (int i = 0; i < first.outputs; ++i) {
    const double weight = first.weight[static_cast<std::size_t>(i + 1) * first.inputs - 1];
    first.bias[i] = static_cast<float>(first.bias[i] + weight * levels);
  }
  return result;
}

}  // namespace optinc::onn
