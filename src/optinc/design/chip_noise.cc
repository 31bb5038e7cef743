#include "optinc/design/chip_noise.h"

#include <utility>

#include "optinc/base/error.h"
#include "optinc/chip/compile.h"
#include "optinc/chip/server_levels.h"
#include "optinc/chip/streams.h"
#include "optinc/chip/transmission.h"
#include "optinc/chip/unit_matrices.h"
#include "optinc/verify/inputs.h"
#include "optinc/verify/relative_noise.h"

namespace optinc::design {

void check(const ChipNoiseOptions& options) {
  chip::check(options.hardware);
  base::require(options.hardware.activation == chip::Activation::relu && options.hardware.activation_knee == 0 &&
                    options.hardware.activation_leak == 0,
                "noise with the activation {}, knee {}, leak {}: expected the ideal relu in training",
                to_string(options.hardware.activation), options.hardware.activation_knee,
                options.hardware.activation_leak);
}

ChipNoise::ChipNoise(const ChipNoiseOptions& options, const device::DeviceShape& shape,
                     const onn::LayerSet& approximated, const ParameterLayout& layout,
                     const Normalisation& normalisation, std::uint64_t seed, int threads)
    : options_(options),
      shape_(shape),
      approximated_(approximated),
      layout_(layout),
      normalisation_(normalisation),
      seed_(seed),
      threads_(threads),
      difference_(layout.size()),
      on_chip_(layout.size()),
      ideal_(chip::preprocessing_matrix(shape)) {}

onn::Design ChipNoise::design_of(const std::vector<float>& parameters) const {
  onn::Design design;
  design.bits = shape_.bits;
  design.servers = shape_.servers;
  design.inputs = shape_.inputs;
  design.rounding = shape_.rounding;
  design.role = shape_.role;
  design.approximated = approximated_;
  design.network = to_network(layout_, parameters, normalisation_);
  return design;
}

void ChipNoise::measure_full_scales(const std::vector<float>& parameters) {
  constexpr std::uint64_t kSample = 4096;
  full_scales_ = verify::largest_outputs(to_network(layout_, parameters, normalisation_), shape_,
                                         {.seed = seed_, .sample = kSample, .threads = threads_});
}

void ChipNoise::make_chip(const std::vector<float>& parameters, std::uint64_t chip) {
  const std::uint64_t number = chip % chip::kMostChips;
  chip::Program program = chip::assemble(design_of(parameters), "training", {.threads = threads_});
  chip::set_largest_outputs(program, full_scales_);
  fab_.emplace(std::move(program), options_.hardware, options_.correction, seed_);
  chip_ = fab_->make(number);
  const auto server = static_cast<int>(number % static_cast<std::uint64_t>(shape_.servers));
  difference_ = from_network(layout_, fab_->layers(chip_, 0, server), normalisation_);
  for (std::size_t i = 0; i < difference_.size(); ++i) difference_[i] -= parameters[i];
  difference_of_preprocessing_ = fab_->preprocessing(chip_, 0) - ideal_;
  detector_noise_ = fab_->detector_noise();
  detector_noise_.back() /= static_cast<float>(normalisation_.output_scale);
}

const std::vector<float>& ChipNoise::on_chip(const std::vector<float>& parameters) {
  for (std::size_t i = 0; i < parameters.size(); ++i) on_chip_[i] = parameters[i] + difference_[i];
  return on_chip_;
}

void ChipNoise::disturb_inputs(const std::vector<std::uint32_t>& numbers, std::uint64_t first, float* inputs) const {
  const std::size_t count = numbers.size(), ports = static_cast<std::size_t>(shape_.servers) * shape_.symbols();
  const std::vector<std::uint64_t> wide(numbers.begin(), numbers.end());
  std::vector<std::int32_t> steps(count * shape_.inputs);
  verify::steps_of_inputs(shape_, count, wide.data(), steps.data());
  std::vector<float> levels(count * ports);
  chip::deal_levels(shape_, seed_, count, wide.data(), steps.data(), levels.data());
  std::vector<float> sent = levels;
  chip::transmit(*fab_, chip_, first, count, sent.data());
  for (std::size_t row = 0; row < count; ++row) {
    for (int k = 0; k < shape_.inputs; ++k) {
      double change = 0;
      for (std::size_t port = 0; port < ports; ++port) {
        const std::size_t at = row * ports + port;
        const auto column = static_cast<Eigen::Index>(port);
        change += difference_of_preprocessing_(k, column) * sent[at] +
                  ideal_(k, column) * (double{sent[at]} - double{levels[at]});
      }
      inputs[row * shape_.inputs + k] += static_cast<float>(change / normalisation_.input_scale);
    }
  }
}

}  // namespace optinc::design
