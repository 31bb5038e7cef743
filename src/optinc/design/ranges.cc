#include "optinc/design/ranges.h"

#include <algorithm>

namespace optinc::design {

void equalise_ranges(const ParameterLayout& layout, const onn::LayerSet& approximated,
                     const std::vector<std::vector<double>>& largest, double least_share,
                     std::vector<float>& parameters, Adam& adam) {
  const auto scale = [&](std::size_t place, double factor) {
    parameters[place] = static_cast<float>(parameters[place] * factor);
    adam.mean[place] = static_cast<float>(adam.mean[place] / factor);
    adam.variance[place] = static_cast<float>(adam.variance[place] / (factor * factor));
  };
  const std::vector<ParameterLayout::Place>& layers = layout.layers();
  for (std::size_t i = 0; i + 1 < layers.size(); ++i) {
    const ParameterLayout::Place& layer = layers[i];
    const ParameterLayout::Place& next = layers[i + 1];
    const double of_layer = *std::ranges::max_element(largest[i]);
    const double least = (approximated.contains(static_cast<int>(i) + 2) ? 1 : least_share) * of_layer;
    if (!(of_layer > 0)) continue;
    for (int wire = 0; wire < layer.outputs; ++wire) {
      const double most = std::max(largest[i][wire], least);
      for (int j = 0; j < layer.inputs; ++j) {
        scale(layer.weight + static_cast<std::size_t>(wire) * layer.inputs + j, 1 / most);
      }
      scale(layer.bias + wire, 1 / most);
      for (int row = 0; row < next.outputs; ++row) {
        scale(next.weight + static_cast<std::size_t>(row) * next.inputs + wire, most);
      }
    }
  }
}

}  // namespace optinc::design
