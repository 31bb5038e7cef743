#include "optinc/design/batch_gradient.h"

#include <vector>

#include <gtest/gtest.h>
#include <torch/torch.h>

#include "optinc/device/device_shape.h"

namespace optinc::design {
namespace {

/// The same loss through LibTorch's autograd: what the written-out backward pass is checked against.
double autograd(const ParameterLayout& layout, const std::vector<float>& parameters, torch::Tensor x,
                const torch::Tensor& targets, const Normalisation& normalisation, Loss loss,
                const std::vector<float>& symbol_weights, std::vector<float>& gradient) {
  torch::Tensor all = torch::tensor(parameters).requires_grad_();
  for (std::size_t i = 0; i < layout.layers().size(); ++i) {
    const auto& layer = layout.layers()[i];
    const auto weight = all.slice(0, layer.weight, layer.bias).view({layer.outputs, layer.inputs});
    x = torch::addmm(all.slice(0, layer.bias, layer.bias + layer.outputs), x, weight.t());
    if (i + 1 < layout.layers().size()) x = torch::relu(x);
  }
  const torch::Tensor error = x * normalisation.output_scale + normalisation.output_shift - targets;
  torch::Tensor sum;
  switch (loss) {
    case Loss::symbols:
      sum = (error.square() * torch::tensor(symbol_weights)).sum(1);
      break;
    case Loss::margin:
      sum = (error.abs() - 0.25).clamp_min(0).square().sum(1);
      break;
    case Loss::gradient: {
      // 4^(M-i) over 4^(M-1): 1, 1/4, 1/16, ...
      const auto places = torch::pow(0.25, torch::arange(error.size(1), torch::kFloat));
      sum = (error * places).sum(1).square();
      break;
    }
  }
  const torch::Tensor mean = sum.mean();
  mean.backward();
  gradient.assign(all.grad().data_ptr<float>(), all.grad().data_ptr<float>() + layout.size());
  return mean.item<double>();
}

class BatchGradientTest : public testing::TestWithParam<Loss> {};

TEST_P(BatchGradientTest, IsAutogradsGradient) {
  const device::DeviceShape shape{.bits = 6, .servers = 3, .inputs = 3};
  const Normalisation normalisation(shape);
  const ParameterLayout layout({3, 12, 24, 12, 3});
  const std::vector<float> parameters = orthogonal_start(layout, 5);
  const std::vector<float> symbol_weights{3, 2, 1};
  for (const int samples : {1, 2, 7, 64}) {
    torch::manual_seed(samples);
    const torch::Tensor x = torch::randn({samples, 3}), targets = torch::randint(0, 4, {samples, 3}).to(torch::kFloat);
    std::vector<float> expected, found;
    const double expected_loss =
        autograd(layout, parameters, x, targets, normalisation, GetParam(), symbol_weights, expected);
    BatchGradient batch_gradient(layout, 64, symbol_weights, 2);
    std::vector<Fare> fares(samples);
    const double loss = batch_gradient.compute(parameters, samples, x.data_ptr<float>(), targets.data_ptr<float>(),
                                               normalisation, GetParam(), found, fares.data());
    EXPECT_NEAR(loss, expected_loss, 1e-4 * expected_loss);
    double difference = 0, size = 0;
    for (std::size_t i = 0; i < expected.size(); ++i) {
      difference += std::pow(double(expected[i]) - found[i], 2);
      size += std::pow(double(expected[i]), 2);
    }
    EXPECT_LT(std::sqrt(difference), 1e-4 * std::sqrt(size)) << samples << " samples";
  }
}

INSTANTIATE_TEST_SUITE_P(Losses, BatchGradientTest, testing::Values(Loss::symbols, Loss::margin, Loss::gradient),
                         [](const auto& tested) { return to_string(tested.param); });

// One layer with weight 0 gives its bias at every output: symbols = shift + scale * bias, here exactly 1.5 + sqrt(1.25)
// bias.
TEST(BatchGradient, TellsHowEachSampleFared) {
  const device::DeviceShape shape{.bits = 2, .servers = 2, .inputs = 1};
  const ParameterLayout layout({1, 1});
  BatchGradient batch_gradient(layout, 4, {1.0f}, 1);
  const std::vector<float> parameters{0.0f, 0.0f};  // every output is 1.5
  const std::vector<float> x(4, 0.0f), targets{1.5f, 1.3f, 1.1f, 1.0f};
  std::vector<float> gradient;
  std::vector<Fare> fares(4);
  batch_gradient.compute(parameters, 4, x.data(), targets.data(), Normalisation(shape), Loss::symbols, gradient,
                         fares.data());
  EXPECT_EQ(fares, (std::vector<Fare>{Fare::quiet, Fare::quiet, Fare::loud, Fare::wrong}));
}

}  // namespace
}  // namespace optinc::design
