#include "optinc/chip/chip_run.h"

#include <algorithm>

#include "optinc/base/gaussian.h"
#include "optinc/chip/streams.h"
#include "optinc/chip/transmission.h"

namespace optinc::chip {

ChipRun::ChipRun(const Fab& fab, const Chip& chip, std::uint64_t shot)
    : fab_(fab), chip_(chip), network_(fab.network(chip, shot)), noise_(fab.detector_noise()) {
  for (std::size_t l = 0; l < network_.layers.size(); ++l) {
    full_scale_.push_back(static_cast<float>(fab.program().stages[l + 1].largest_output));
    first_unit_.push_back(units_);
    if (noise_[l] > 0) units_ += network_.layers[l].outputs;
  }
  const Hardware& hardware = fab.hardware();
  plain_relu_ =
      hardware.activation == Activation::relu && hardware.activation_knee == 0 && hardware.activation_leak == 0;
}

void ChipRun::pass(std::uint64_t first, std::size_t count, float* levels, float* received) const {
  transmit(fab_, chip_, first, count, levels);
  if (units_ == 0 && plain_relu_) {
    onn::forward(network_, count, levels, received);
  } else {
    // A thread keeps its buffer from call to call.
    thread_local std::vector<float> drawn;
    drawn.assign(count * units_, 0.0f);
    // All detectors' noise of an input is one stream.
    for (std::size_t row = 0; row < count && units_ > 0; ++row) {
      base::add_gaussians(fab_.seed(), stream_of(Purpose::detection, chip_.number, first + row), 1.0f, units_,
                          drawn.data() + row * units_);
    }
    onn::forward(network_, count, levels, received, [&](const onn::LayerSums& layer) { detect(layer, drawn); });
  }
  const std::size_t ports = chip_.threshold_error.size();
  for (std::size_t i = 0; i < count * ports; ++i) received[i] -= chip_.threshold_error[i % ports];
}

void ChipRun::detect(const onn::LayerSums& layer, const std::vector<float>& drawn) const {
  if (noise_[layer.layer] > 0) {
    const float sigma = noise_[layer.layer];
    for (std::size_t row = 0; row < layer.rows; ++row) {
      const float* const z = drawn.data() + (layer.first_row + row) * units_ + first_unit_[layer.layer];
      for (std::size_t unit = 0; unit < layer.units; ++unit) layer.sums[unit * layer.stride + row] += sigma * z[unit];
    }
  }
  if (layer.layer + 1 == network_.layers.size()) return;
  const std::size_t size = layer.units * layer.stride;
  if (plain_relu_) {
    for (std::size_t i = 0; i < size; ++i) layer.sums[i] = std::max(layer.sums[i], 0.0f);
  } else {
    for (std::size_t i = 0; i < size; ++i) {
      layer.sums[i] = activate(fab_.hardware(), layer.sums[i], full_scale_[layer.layer]);
    }
  }
}

}  // namespace optinc::chip
