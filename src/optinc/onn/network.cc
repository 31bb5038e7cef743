#include "optinc/onn/network.h"

namespace optinc::onn {

std::vector<int> Network::widths() const {
  std::vector<int> result;
  if (layers.empty()) return result;
  result.reserve(layers.size() + 1);
  result.push_back(inputs());
  for (const Layer& layer : layers) result.push_back(layer.outputs);
  return result;
}

}  // namespace optinc::onn
