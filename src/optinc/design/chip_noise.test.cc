#include "optinc/design/chip_noise.h"

#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "optinc/base/error.h"
#include "optinc/design/sampler.h"
#include "optinc/design/train.h"
#include "optinc/device/onn_averager.h"

namespace optinc::design {
namespace {

const onn::Design& start() {
  static const onn::Design design = onn::load_design("designs/b8-n4.safetensors");
  return design;
}

/// b8-n4's network on chips with one imperfection.
struct OnChips {
  device::DeviceShape shape = device::shape_of(start());
  ParameterLayout layout{start().network.widths()};
  Normalisation normalisation{shape};
  std::vector<float> parameters = from_network(layout, start().network, normalisation);
  ChipNoise noise;

  explicit OnChips(double chip::Hardware::*value, double to)
      : noise(options(value, to), shape, start().approximated, layout, normalisation, 1, 1) {
    noise.measure_full_scales(parameters);
  }

  static ChipNoiseOptions options(double chip::Hardware::*value, double to) {
    ChipNoiseOptions chosen;
    chosen.hardware.*value = to;
    return chosen;
  }

  double difference(std::uint64_t chip) {
    noise.make_chip(parameters, chip);
    double squares = 0;
    const std::vector<float>& on_chip = noise.on_chip(parameters);
    for (std::size_t i = 0; i < parameters.size(); ++i) squares += std::pow(double{on_chip[i]} - parameters[i], 2);
    return std::sqrt(squares);
  }
};

TEST(ChipNoise, IdealPartsChangeNothing) {
  OnChips on_chips(&chip::Hardware::phase_error_rms_rad, 0);
  EXPECT_LT(on_chips.difference(0), 1e-4);
  const std::vector<std::uint32_t> numbers{0, 77, 28560};
  std::vector<float> inputs(3 * 4, 0.5f);
  on_chips.noise.disturb_inputs(numbers, 0, inputs.data());
  for (const float input : inputs) EXPECT_NEAR(input, 0.5f, 1e-6);
  for (const float rms : on_chips.noise.detector_noise()) EXPECT_EQ(rms, 0);
}

TEST(ChipNoise, WeightsMoveInProportionToPhaseErrors) {
  OnChips small(&chip::Hardware::phase_error_rms_rad, 1e-4), large(&chip::Hardware::phase_error_rms_rad, 1e-3);
  EXPECT_NEAR(large.difference(3) / small.difference(3), 10, 0.5);
  EXPECT_NE(large.difference(3), large.difference(4));
}

TEST(ChipNoise, TransmittersDisturbTheInputs) {
  OnChips on_chips(&chip::Hardware::transmitter_noise_rms, 0.1);
  on_chips.noise.make_chip(on_chips.parameters, 0);
  std::vector<std::uint32_t> numbers(4000);
  for (std::size_t i = 0; i < numbers.size(); ++i) numbers[i] = 7 * i;
  std::vector<float> inputs(4 * numbers.size(), 0);
  on_chips.noise.disturb_inputs(numbers, 0, inputs.data());
  double squares = 0;
  for (const float input : inputs) squares += double{input} * input / static_cast<double>(inputs.size());
  // Four servers' noise, averaged: 0.1 / 2 levels.
  EXPECT_NEAR(std::sqrt(squares) * on_chips.normalisation.input_scale, 0.05, 0.002);
}

TEST(ChipNoise, RefusesActivationsThatTrainingCannotFollow) {
  EXPECT_THAT([] { check(OnChips::options(&chip::Hardware::activation_knee, 0.1)); },
              testing::ThrowsMessage<base::InputError>(testing::HasSubstr("expected the ideal relu")));
}

TEST(Train, OnChipsGivesTheSameDesignWhateverTheThreads) {
  TrainOptions options;
  options.shape = device::shape_of(start());
  options.widths = start().network.widths();
  options.approximated = start().approximated;
  options.start = std::make_shared<onn::Design>(start());
  options.noise = std::make_shared<ChipNoiseOptions>(OnChips::options(&chip::Hardware::phase_error_rms_rad, 0.003));
  options.epochs = 2;
  options.epoch_samples = 16384;
  options.first_stage_epochs = 0;
  options.learning_rate = 1e-5;
  options.noise_until = 0.5;
  std::vector<double> losses;
  const auto run = [&](int threads) {
    options.threads = threads;
    return train(options, [&](const EpochReport& report) { losses.push_back(report.loss); }).design.network;
  };
  EXPECT_EQ(run(1), run(2));
  // The epoch on chips costs more than the one on ideal parts, and both runs see the same.
  EXPECT_GT(losses.at(0), losses.at(1));
  EXPECT_EQ(losses.at(0), losses.at(2));
}

}  // namespace
}  // namespace optinc::design
