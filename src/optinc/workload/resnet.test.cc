#include "optinc/workload/resnet.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "optinc/base/error.h"
#include "optinc/base/random.h"

namespace optinc::workload {
namespace {

using base::InputError;
using testing::HasSubstr;
using testing::ThrowsMessage;

std::vector<float> random_images(int count, int side, std::uint64_t seed) {
  const base::CounterStream random(seed, 1);
  std::vector<float> images(static_cast<std::size_t>(count) * side * side * 3);
  for (std::size_t i = 0; i < images.size(); ++i) images[i] = static_cast<float>(2 * random.uniform(i) - 1);
  return images;
}

/// Away from the start, where the last gains of the blocks are zero and nothing passes through them.
void shake(Resnet& model) {
  const base::CounterStream random(7, 8);
  const auto others = model.parameters().subspan(model.decayed_parameter_count());
  for (std::size_t i = 0; i < others.size(); ++i) others[i] = 0.5f + static_cast<float>(random.uniform(i));
}

// Published: torchvision's ResNet18 and ResNet50 for ImageNet. ResNet20 for 10 classes: 0.27 M (table 6 of the paper);
// by hand 432 + 6 * 2304 + 4608 + 5 * 9216 + 18432 + 5 * 36864 filters, 650 of the matrix and its biases, 2 * 688 of
// the 19 normalisations.
TEST(Resnet, HasThePublishedParameterCounts) {
  const auto count = [](const ResnetOptions& options) { return Resnet(options, 1).parameters().size(); };
  EXPECT_EQ(count({.depth = 18, .stem = Stem::imagenet, .classes = 1000}), 11'689'512u);
  EXPECT_EQ(count({.depth = 50, .stem = Stem::imagenet, .classes = 1000}), 25'557'032u);
  EXPECT_EQ(count({.depth = 20, .stem = Stem::cifar, .classes = 10}), 269'722u);
  EXPECT_EQ(count({.depth = 20, .stem = Stem::cifar, .classes = 100}), 269'722u + 90 * 65);
}

TEST(Resnet, NamesAreTorchvisions) {
  const Resnet model({.depth = 18, .stem = Stem::imagenet, .classes = 10}, 1);
  std::vector<std::string> names;
  std::size_t values = 0;
  for (const NamedArray& array : model.named_arrays()) {
    names.push_back(array.name);
    values += array.values.size();
    EXPECT_EQ(static_cast<std::size_t>(
                  std::accumulate(array.shape.begin(), array.shape.end(), std::int64_t{1}, std::multiplies<>())),
              array.values.size());
  }
  EXPECT_THAT(names, testing::IsSupersetOf({"conv1.weight", "bn1.weight", "bn1.running_var", "layer1.0.conv2.weight",
                                            "layer2.0.downsample.0.weight", "layer2.0.downsample.1.running_mean",
                                            "layer4.1.bn2.bias", "fc.weight", "fc.bias"}));
  EXPECT_EQ(values, Resnet({.depth = 18, .stem = Stem::imagenet, .classes = 10}, 1).parameters().size() + 9600);
}

// Every block passes its input on at the start and the matrix is small: the loss is about log(classes).
TEST(Resnet, StartsUndecided) {
  for (const ResnetOptions& options : {ResnetOptions{.depth = 20}, ResnetOptions{.depth = 18}}) {
    Resnet model(options, 3);
    std::vector<float> gradient(model.parameters().size());
    EXPECT_NEAR(
        model.loss_and_gradient(random_images(4, 32, 1), std::vector<std::int64_t>{1, 2, 3, 4}, 32, 0, gradient),
        std::log(100), 0.7);
  }
}

// (loss(p + h d) - loss(p - h d)) / 2 h is the gradient along d. A direction within the filters and matrix, and one
// within the gains and biases, each the gradient's own there with random signs and sizes: what is left out of either
// shows.
TEST(Resnet, GradientAgreesWithFiniteDifferences) {
  for (const auto& [options, smoothing] : {std::pair{ResnetOptions{.depth = 20, .classes = 7}, 0.0},
                                           {ResnetOptions{.depth = 18, .classes = 7}, 0.1},
                                           {ResnetOptions{.depth = 50, .stem = Stem::imagenet, .classes = 7}, 0.0}}) {
    const int side = options.stem == Stem::imagenet ? 64 : 8;
    Resnet model(options, 5);
    shake(model);
    const auto images = random_images(3, side, 2);
    const std::vector<std::int64_t> labels{0, 6, 3};
    std::vector<float> gradient(model.parameters().size()), ignored(gradient.size());
    ASSERT_TRUE(std::isfinite(model.loss_and_gradient(images, labels, side, smoothing, gradient)));
    const auto parameters = model.parameters();
    const std::vector<float> before(parameters.begin(), parameters.end());
    const std::size_t decayed = model.decayed_parameter_count();
    const base::CounterStream random(11, options.depth);
    for (const auto& [begin, end] : {std::pair{std::size_t{0}, decayed}, {decayed, before.size()}}) {
      std::vector<double> direction(before.size());
      double slope = 0;
      for (std::size_t i = begin; i < end; ++i) {
        direction[i] = gradient[i] * (2 * random.uniform(i) - 0.5);
        slope += direction[i] * gradient[i];
      }
      const double step = 0.005 / std::abs(slope);  // the loss changes by 0.01: far above float32's rounding
      const auto moved = [&](double by) {
        for (std::size_t i = 0; i < before.size(); ++i)
          parameters[i] = before[i] + static_cast<float>(by * direction[i]);
        return model.loss_and_gradient(images, labels, side, smoothing, ignored);
      };
      EXPECT_NEAR((moved(step) - moved(-step)) / (2 * step), slope, 0.03 * std::abs(slope)) << options.depth << begin;
    }
  }
}

TEST(Resnet, StatisticsFollowTheBatchAndDecideTheLogits) {
  Resnet model({.depth = 20}, 1);
  shake(model);
  const auto images = random_images(8, 32, 3);
  const std::vector<float> at_first = model.logits(images, 8, 32);
  std::vector<float> gradient(model.parameters().size());
  const std::vector<std::int64_t> labels(8, 1);
  const std::vector<float> before(model.statistics().begin(), model.statistics().end());
  for (int i = 0; i < 60; ++i) model.loss_and_gradient(images, labels, 32, 0, gradient);
  EXPECT_FALSE(std::ranges::equal(model.statistics(), before));
  // After many times the same batch the statistics are the batch's: the loss by them is the loss of the batch.
  const std::vector<float> logits = model.logits(images, 8, 32);
  EXPECT_NE(logits, at_first);
  double loss = 0;
  for (int i = 0; i < 8; ++i) {
    double sum = 0;
    for (int c = 0; c < 100; ++c) sum += std::exp(logits[i * 100 + c]);
    loss += (std::log(sum) - logits[i * 100 + 1]) / 8;
  }
  EXPECT_NEAR(loss, model.loss_and_gradient(images, labels, 32, 0, gradient), 0.02 * loss);
}

// Other threads compute at the same time: the same bits.
TEST(Resnet, IsAFunctionOfSeedParametersAndImagesAlone) {
  const auto gradient_of = [] {
    Resnet model({.depth = 20}, 9);
    std::vector<float> gradient(model.parameters().size());
    model.loss_and_gradient(random_images(4, 32, 1), std::vector<std::int64_t>{1, 2, 3, 4}, 32, 0, gradient);
    return gradient;
  };
  const std::vector<float> expected = gradient_of();
  std::vector<std::vector<float>> found(3);
  {
    std::vector<std::jthread> threads;
    for (auto& each : found) threads.emplace_back([&] { each = gradient_of(); });
  }
  EXPECT_THAT(found, testing::Each(expected));
  EXPECT_FALSE(std::ranges::equal(Resnet({}, 1).parameters(), Resnet({}, 2).parameters()));
}

TEST(Resnet, RefusesWhatCanNotBe) {
  EXPECT_THAT([] { Resnet({.depth = 19}, 1); },
              ThrowsMessage<InputError>(HasSubstr("ResNet19: expected 20, 18 or 50")));
  EXPECT_THROW(Resnet({.depth = 20, .stem = Stem::imagenet}, 1), InputError);
  EXPECT_THROW(parse_stem("mnist"), InputError);
  Resnet model({.depth = 20, .classes = 5}, 1);
  std::vector<float> gradient(model.parameters().size());
  const auto images = random_images(2, 32, 1);
  const std::vector<std::int64_t> labels{0, 5};
  EXPECT_THAT([&] { model.loss_and_gradient(images, labels, 32, 0, gradient); },
              ThrowsMessage<InputError>(HasSubstr("label 5: expected 0 to 4")));
  EXPECT_THROW(model.loss_and_gradient(images, labels, 16, 0, gradient), InputError);
  EXPECT_THROW(model.logits(images, 3, 32), InputError);
}

}  // namespace
}  // namespace optinc::workload
