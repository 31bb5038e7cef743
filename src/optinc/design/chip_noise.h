// Training with the noise in the loop: the network as it would run on one simulated chip after another.
//
// Every chip is made as chip::Fab makes it, from the phases of the weights as they are. What it does to the weights and
// to unit P, less what ideal parts would, stays until the next chip; gradients of the network on the chip are taken for
// those of the weights.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "optinc/chip/chip.h"
#include "optinc/design/parameters.h"
#include "optinc/device/device_shape.h"
#include "optinc/onn/design.h"
#include "optinc/onn/layer_set.h"

namespace optinc::design {

struct ChipNoiseOptions {
  chip::Hardware hardware;
  mesh::Correction correction = mesh::Correction::none;
};

/// Throws base::InputError for what training can't follow: activations other than the ideal ReLU.
void check(const ChipNoiseOptions& options);

class ChipNoise {
 public:
  /// `layout` must outlive this.
  ChipNoise(const ChipNoiseOptions& options, const device::DeviceShape& shape, const onn::LayerSet& approximated,
            const ParameterLayout& layout, const Normalisation& normalisation, std::uint64_t seed, int threads);

  /// The full scales that detectors' noise is reckoned by: of the network on a sample of inputs.
  void measure_full_scales(const std::vector<float>& parameters);
  /// The next chip, number `chip`, for these parameters, whose approximated layers are projected.
  void make_chip(const std::vector<float>& parameters, std::uint64_t chip);

  /// parameters as the chip has them.
  const std::vector<float>& on_chip(const std::vector<float>& parameters);
  /// Inputs [numbers, K], normalised, as the chip's unit P gives them; `first` numbers the transmitters' noise.
  void disturb_inputs(const std::vector<std::uint32_t>& numbers, std::uint64_t first, float* inputs) const;
  /// rms noise of each layer's sums, in the units of training.
  const std::vector<float>& detector_noise() const { return detector_noise_; }

 private:
  onn::Design design_of(const std::vector<float>& parameters) const;

  ChipNoiseOptions options_;
  device::DeviceShape shape_;
  onn::LayerSet approximated_;
  const ParameterLayout& layout_;
  Normalisation normalisation_;
  std::uint64_t seed_;
  int threads_;
  std::vector<double> full_scales_;  // [layers], level units
  std::vector<float> difference_;    // of the parameters, on the chip less ideal
  std::vector<float> on_chip_;
  std::vector<float> detector_noise_;
  std::optional<chip::Fab> fab_;
  chip::Chip chip_;
  linalg::Matrix ideal_, difference_of_preprocessing_;  // [K, N M]
};

}  // namespace optinc::design
