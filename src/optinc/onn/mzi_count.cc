#include "optinc/onn/mzi_count.h"

#include <algorithm>

#include "optinc/base/error.h"

namespace optinc::onn {
namespace {

LayerArea count_layer(int outputs, int inputs, bool approximated, bool last) {
  LayerArea area;
  area.outputs = outputs;
  area.inputs = inputs;
  area.approximated = approximated;
  area.dense_mzis = dense_mzis(outputs, inputs);
  area.mzis = approximated ? approximated_mzis(outputs, inputs) : area.dense_mzis;
  area.reference_mzis = 3 * std::int64_t{outputs} - 1;
  area.activations = last ? 0 : outputs;
  return area;
}

}  // namespace

std::int64_t dense_mzis(std::int64_t outputs, std::int64_t inputs) {
  return outputs * (outputs + 1) / 2 + inputs * (inputs - 1) / 2;
}

std::int64_t approximated_mzis(std::int64_t outputs, std::int64_t inputs) {
  const auto [shorter, longer] = std::minmax(outputs, inputs);
  base::require(
      shorter >= 1 && longer % shorter == 0,
      "layer of {} outputs and {} inputs: can't be approximated, expected the longer side to be a multiple of "
      "the shorter one",
      outputs, inputs);
  return longer / shorter * (shorter * (shorter + 1) / 2);
}

Area count_mzis(const std::vector<int>& widths, const LayerSet& approximated, int servers) {
  base::require(widths.size() >= 2, "{} layer widths: expected at least 2, the inputs and the outputs", widths.size());
  base::require(std::ranges::min(widths) >= 1, "layer width {}: expected at least 1", std::ranges::min(widths));
  base::require(servers >= 1, "{} servers: expected at least 1", servers);
  const int layer_count = static_cast<int>(widths.size()) - 1;
  base::require(approximated.last() <= layer_count, "approximated layer {}: expected layers from 1 to {}",
                approximated.last(), layer_count);

  Area area;
  for (int layer = 1; layer <= layer_count; ++layer) {
    area.layers.push_back(
        count_layer(widths[layer], widths[layer - 1], approximated.contains(layer), layer == layer_count));
  }
  const std::int64_t inputs = widths.front();
  const std::int64_t symbols = widths.back();
  area.preprocessing_mzis = dense_mzis(inputs, symbols * servers);
  area.splitting_mzis = dense_mzis(symbols * servers, symbols);
  area.mzis = area.dense_mzis = area.preprocessing_mzis + area.splitting_mzis;
  for (const LayerArea& layer : area.layers) {
    area.mzis += layer.mzis;
    area.dense_mzis += layer.dense_mzis;
    area.reference_mzis += layer.reference_mzis;
    area.activations += layer.activations;
  }
  return area;
}

}  // namespace optinc::onn
