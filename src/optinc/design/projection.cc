#include "optinc/design/projection.h"

#include <algorithm>

#include <torch/torch.h>

namespace optinc::design {

void project(const ParameterLayout& layout, const onn::LayerSet& approximated, std::vector<float>& parameters) {
  const torch::NoGradGuard no_grad;
  at::set_num_threads(1);
  for (std::size_t i = 0; i < layout.layers().size(); ++i) {
    if (!approximated.contains(static_cast<int>(i) + 1)) continue;
    const ParameterLayout::Place& layer = layout.layers()[i];
    const int side = std::min(layer.outputs, layer.inputs);
    const int stacked = layer.outputs / side, abreast = layer.inputs / side;
    // [stacked, side, abreast, side] -> squares [stacked * abreast, side, side]
    const torch::Tensor weight = torch::from_blob(&parameters[layer.weight], {stacked, side, abreast, side});
    const torch::Tensor squares = weight.permute({0, 2, 1, 3}).reshape({stacked * abreast, side, side});
    torch::Tensor u = squares / squares.norm(2, {2}, true).clamp_min(1e-20);
    for (int step = 0; step < 3; ++step) u = 1.5 * u - 0.5 * torch::bmm(torch::bmm(u, u.transpose(1, 2)), u);
    const torch::Tensor diagonal = (squares * u).sum({2}, true);
    weight.copy_((diagonal * u).reshape({stacked, abreast, side, side}).permute({0, 2, 1, 3}));
  }
}

}  // namespace optinc::design
