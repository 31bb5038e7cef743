#include "optinc/design/batch_gradient.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include <gtest/gtest.h>

#include "optinc/base/random.h"
#include "optinc/device/device_shape.h"

namespace optinc::design {
namespace {

/// The loss of one sample in plain loops and double precision.
double reference_loss(const ParameterLayout& layout, const std::vector<double>& parameters, const float* input,
                      const float* target, const Objective& objective) {
  std::vector<double> levels(input, input + layout.layers().front().inputs);
  for (const ParameterLayout::Place& layer : layout.layers()) {
    std::vector<double> sums(layer.outputs);
    for (int i = 0; i < layer.outputs; ++i) {
      sums[i] = parameters[layer.bias + i];
      for (int j = 0; j < layer.inputs; ++j) sums[i] += parameters[layer.weight + i * layer.inputs + j] * levels[j];
      if (&layer != &layout.layers().back()) sums[i] = std::max(sums[i], 0.0);
    }
    levels = sums;
  }
  double sum = 0, reconstructed = 0;
  for (std::size_t m = 0; m < levels.size(); ++m) {
    const double error = levels[m] * objective.normalisation.output_scale + objective.normalisation.output_shift -
                         static_cast<double>(target[m]);
    if (objective.loss == Loss::symbols) sum += objective.symbol_weights[m] * error * error;
    if (objective.loss == Loss::margin) {
      const double beyond = std::max(0.0, std::abs(error) * objective.steps[m] - objective.margin);
      sum += beyond * beyond;
    }
    reconstructed += error * std::pow(0.25, m);  // 4^(M-i) over 4^(M-1)
  }
  return objective.loss == Loss::gradient ? reconstructed * reconstructed : sum;
}

class BatchGradientTest : public testing::TestWithParam<Loss> {};

// Against differences of the reference in double: |f(x+h) - f(x-h)| / 2h, whose error is far below that of float32.
TEST_P(BatchGradientTest, IsTheSlopeOfTheReference) {
  const device::DeviceShape shape{.bits = 6, .servers = 3, .inputs = 3};
  const ParameterLayout layout({3, 12, 24, 12, 3});
  const std::vector<float> parameters = orthogonal_start(layout, 5);
  const Objective objective{.loss = GetParam(),
                            .normalisation = Normalisation(shape),
                            .symbol_weights = {3, 2, 1},
                            .steps = {1, 1, 3},
                            .margin = 0.2f};
  BatchGradient batch_gradient(layout, 64, 2);
  for (const int samples : {1, 2, 7, 64}) {
    const base::CounterStream random(7, samples);
    std::vector<float> inputs(3 * samples), targets(3 * samples);
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      inputs[i] = static_cast<float>(3 * random.uniform(2 * i) - 1.5);
      targets[i] = static_cast<float>(random.word(2 * i + 1) % 4);
    }
    std::vector<Fare> fares(samples);
    const double loss =
        batch_gradient.compute(parameters, samples, inputs.data(), targets.data(), objective, fares.data());
    const auto expected_loss = [&](const std::vector<double>& at) {
      double sum = 0;
      for (int i = 0; i < samples; ++i) {
        sum += reference_loss(layout, at, &inputs[3 * i], &targets[3 * i], objective);
      }
      return sum / samples;
    };
    std::vector<double> at(parameters.begin(), parameters.end());
    EXPECT_NEAR(loss, expected_loss(at), 1e-4 * expected_loss(at));
    double difference = 0, size = 0;
    for (std::size_t i = 0; i < at.size(); ++i) {
      constexpr double kStep = 1e-6;
      const double here = at[i];
      at[i] = here + kStep;
      const double above = expected_loss(at);
      at[i] = here - kStep;
      const double slope = (above - expected_loss(at)) / (2 * kStep);
      at[i] = here;
      double found = 0;
      for (const float* gradient : batch_gradient.shard_gradients()) found += static_cast<double>(gradient[i]);
      difference += std::pow(slope - found, 2);
      size += slope * slope;
    }
    EXPECT_LT(std::sqrt(difference), 1e-3 * std::sqrt(size)) << samples << " samples";
  }
}

INSTANTIATE_TEST_SUITE_P(Losses, BatchGradientTest, testing::Values(Loss::symbols, Loss::margin, Loss::gradient),
                         [](const auto& tested) { return to_string(tested.param); });

// One layer with weight 0 gives its bias at every output: symbols = shift + scale * bias, here exactly 1.5 + sqrt(1.25)
// bias.
TEST(BatchGradient, TellsHowEachSampleFared) {
  const device::DeviceShape shape{.bits = 2, .servers = 2, .inputs = 1};
  const ParameterLayout layout({1, 1});
  BatchGradient batch_gradient(layout, 4, 1);
  const std::vector<float> parameters{0.0f, 0.0f};  // every output is 1.5
  const std::vector<float> x(4, 0.0f), targets{1.5f, 1.3f, 1.1f, 1.0f};
  std::vector<Fare> fares(4);
  batch_gradient.compute(parameters, 4, x.data(), targets.data(),
                         {.normalisation = Normalisation(shape), .symbol_weights = {1}, .steps = {1}}, fares.data());
  EXPECT_EQ(fares, (std::vector<Fare>{Fare::quiet, Fare::quiet, Fare::loud, Fare::wrong}));
}

}  // namespace
}  // namespace optinc::design
