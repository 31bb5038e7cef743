#include "optinc/workload/resnet.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>

#include "optinc/base/error.h"
#include "optinc/workload/flat_parameters.h"

namespace optinc::workload {
namespace {

using at::Tensor;

constexpr double kNormEpsilon = 1e-5;
constexpr double kNormMomentum = 0.1;

/// Where an array of the model is.
struct Norm {
  std::size_t gain, bias;  // numbers of parameters
  std::int64_t width;
  std::int64_t statistics;  // place of the mean; the variance follows it
};

struct Convolution {
  std::size_t filter;  // number of the parameter
  int stride, padding;
  Norm norm;
};

struct Block {
  std::vector<Convolution> convolutions;  // an activation behind each, behind the last one after the sum
  std::optional<Convolution> projection;  // of the shortcut
  int padded_channels = 0;                // of a shortcut without parameters: zeros in so many more channels
  int stride = 1;
};

struct Shape {
  std::vector<int> blocks;  // a stage
  int width;                // of the first stage; doubles from stage to stage
  bool bottleneck;
  bool projects;  // shortcuts between stages have parameters
};

Shape shape_of(int depth) {
  switch (depth) {
    case 20:
      return {.blocks = {3, 3, 3}, .width = 16, .bottleneck = false, .projects = false};
    case 18:
      return {.blocks = {2, 2, 2, 2}, .width = 64, .bottleneck = false, .projects = true};
    case 50:
      return {.blocks = {3, 4, 6, 3}, .width = 64, .bottleneck = true, .projects = true};
    default:
      base::refuse("ResNet{}: expected 20, 18 or 50", depth);
  }
}

constexpr int kExpansion = 4;  // of a bottleneck's last convolution

}  // namespace

std::string to_string(Stem stem) {
  return stem == Stem::cifar ? "cifar" : "imagenet";
}

Stem parse_stem(std::string_view name) {
  for (const Stem stem : {Stem::cifar, Stem::imagenet}) {
    if (to_string(stem) == name) return stem;
  }
  base::refuse("stem \"{}\": expected cifar or imagenet", name);
}

void check(const ResnetOptions& options) {
  shape_of(options.depth);
  base::require(options.depth != 20 || options.stem == Stem::cifar, "ResNet20 with the stem {}: expected cifar",
                to_string(options.stem));
  base::require(options.classes >= 2, "{} classes: expected at least 2", options.classes);
}

class Resnet::Network {
 public:
  Network(const ResnetOptions& options, std::uint64_t seed) : options_(options) {
    check(options);
    compute_alone_in_this_thread();
    const Shape shape = shape_of(options.depth);
    const bool large = options.stem == Stem::imagenet;
    stem_ = add_convolution("conv1", "bn1", 3, shape.width, large ? 7 : 3, large ? 2 : 1);
    int channels = shape.width;
    for (std::size_t stage = 0; stage < shape.blocks.size(); ++stage) {
      const int width = shape.width << stage;
      for (int block = 0; block < shape.blocks[stage]; ++block) {
        const int stride = stage > 0 && block == 0 ? 2 : 1;
        channels = add_block(fmt::format("layer{}.{}.", stage + 1, block), shape, channels, width, stride);
      }
    }
    matrix_ = parameters_.add("fc.weight", {options.classes, channels}, /*decayed=*/true);
    bias_ = parameters_.add("fc.bias", {options.classes}, /*decayed=*/false);
    parameters_.allocate();
    statistics_ = at::zeros({statistics_count_});
    draw(seed);
  }

  const FlatParameters& parameters() const { return parameters_; }
  std::span<float> statistics() const {
    return {statistics_.data_ptr<float>(), static_cast<std::size_t>(statistics_.numel())};
  }

  std::vector<NamedArray> named_arrays() const {
    std::vector<NamedArray> arrays = parameters_.named();
    for (const auto& [name, norm] : norms_) {
      const std::span<const float> values = statistics().subspan(norm.statistics, 2 * norm.width);
      arrays.push_back({name + ".running_mean", {norm.width}, values.first(norm.width)});
      arrays.push_back({name + ".running_var", {norm.width}, values.last(norm.width)});
    }
    return arrays;
  }

  /// images [n, side, side, 3] -> logits [n, classes].
  Tensor logits(std::span<const float> images, std::int64_t count, std::int64_t side, bool training) const {
    base::require(images.size() == static_cast<std::size_t>(count * side * side * 3),
                  "{} pixels' colours: expected {} for {} images of {} x {}", images.size(), count * side * side * 3,
                  count, side, side);
    // Colours last in memory, so that convolutions need not rearrange them.
    Tensor x = at::from_blob(const_cast<float*>(images.data()), {count, side, side, 3}).permute({0, 3, 1, 2});
    x = normalised(convolved(x, stem_), stem_.norm, training).relu_();
    if (options_.stem == Stem::imagenet) x = at::max_pool2d(x, {3, 3}, {2, 2}, {1, 1});
    for (const Block& block : blocks_) {
      Tensor y = x;
      for (std::size_t i = 0; i < block.convolutions.size(); ++i) {
        y = normalised(convolved(y, block.convolutions[i]), block.convolutions[i].norm, training);
        if (i + 1 < block.convolutions.size()) y = y.relu_();
      }
      x = y.add_(shortcut(x, block, training)).relu_();
    }
    return at::linear(x.mean({2, 3}), parameters_.tensor(matrix_), parameters_.tensor(bias_));
  }

 private:
  Convolution add_convolution(const std::string& name, const std::string& norm, int in, int out, int size, int stride) {
    Convolution added{.filter = parameters_.add(name + ".weight", {out, in, size, size}, /*decayed=*/true),
                      .stride = stride,
                      .padding = size / 2,
                      .norm = {.gain = parameters_.add(norm + ".weight", {out}, /*decayed=*/false),
                               .bias = parameters_.add(norm + ".bias", {out}, /*decayed=*/false),
                               .width = out,
                               .statistics = statistics_count_}};
    statistics_count_ += 2 * std::int64_t{out};
    filters_.push_back(added.filter);
    norms_.emplace_back(norm, added.norm);
    return added;
  }

  /// Returns the block's channels.
  int add_block(const std::string& name, const Shape& shape, int in, int width, int stride) {
    Block block{.convolutions = {}, .projection = {}, .stride = stride};
    const auto add = [&](int from, int to, int size, int step) {
      const std::size_t number = block.convolutions.size() + 1;
      block.convolutions.push_back(add_convolution(fmt::format("{}conv{}", name, number),
                                                   fmt::format("{}bn{}", name, number), from, to, size, step));
    };
    const int out = shape.bottleneck ? kExpansion * width : width;
    if (shape.bottleneck) {
      add(in, width, 1, 1);
      add(width, width, 3, stride);
      add(width, out, 1, 1);
    } else {
      add(in, width, 3, stride);
      add(width, width, 3, 1);
    }
    if (in != out || stride != 1) {
      if (shape.projects) {
        block.projection = add_convolution(name + "downsample.0", name + "downsample.1", in, out, 1, stride);
      } else {
        block.padded_channels = out - in;
      }
    }
    blocks_.push_back(std::move(block));
    return out;
  }

  void draw(std::uint64_t seed) {
    at::Generator generator = at::detail::createCPUGenerator(seed);
    for (const std::size_t filter : filters_) {
      const Tensor& weights = parameters_.tensor(filter);
      const double fan_out = static_cast<double>(weights.size(0) * weights.size(2) * weights.size(3));
      weights.detach().normal_(0, std::sqrt(2 / fan_out), generator);
    }
    const double bound = 1 / std::sqrt(static_cast<double>(parameters_.tensor(matrix_).size(1)));
    for (const std::size_t part : {matrix_, bias_})
      parameters_.tensor(part).detach().uniform_(-bound, bound, generator);
    for (const auto& [name, norm] : norms_) {
      parameters_.tensor(norm.gain).detach().fill_(1);
      statistics_.narrow(0, norm.statistics + norm.width, norm.width).fill_(1);
    }
    // Every block is its shortcut at first.
    for (const Block& block : blocks_) parameters_.tensor(block.convolutions.back().norm.gain).detach().zero_();
  }

  Tensor convolved(const Tensor& x, const Convolution& convolution) const {
    return at::conv2d(x, parameters_.tensor(convolution.filter), {}, convolution.stride, convolution.padding);
  }

  Tensor normalised(const Tensor& x, const Norm& norm, bool training) const {
    const Tensor mean = statistics_.narrow(0, norm.statistics, norm.width);
    const Tensor variance = statistics_.narrow(0, norm.statistics + norm.width, norm.width);
    return at::batch_norm(x, parameters_.tensor(norm.gain), parameters_.tensor(norm.bias), mean, variance, training,
                          kNormMomentum, kNormEpsilon, /*cudnn_enabled=*/false);
  }

  Tensor shortcut(const Tensor& x, const Block& block, bool training) const {
    if (block.projection) return normalised(convolved(x, *block.projection), block.projection->norm, training);
    if (block.padded_channels == 0) return x;
    // Every second pixel of every second row, and zeros in half of the new channels on either side.
    const Tensor kept = at::slice(at::slice(x, 2, 0, x.size(2), block.stride), 3, 0, x.size(3), block.stride);
    const std::int64_t before = block.padded_channels / 2;
    return at::constant_pad_nd(kept, {0, 0, 0, 0, before, block.padded_channels - before});
  }

  ResnetOptions options_;
  FlatParameters parameters_;
  std::int64_t statistics_count_ = 0;
  Tensor statistics_;
  std::vector<std::size_t> filters_;
  std::vector<std::pair<std::string, Norm>> norms_;
  Convolution stem_{};
  std::vector<Block> blocks_;
  std::size_t matrix_ = 0, bias_ = 0;
};

Resnet::Resnet(const ResnetOptions& options, std::uint64_t seed) : network_(std::make_unique<Network>(options, seed)) {}

Resnet::~Resnet() = default;

std::span<float> Resnet::parameters() {
  return network_->parameters().values();
}

std::size_t Resnet::decayed_parameter_count() const {
  return network_->parameters().decayed_count();
}

std::span<float> Resnet::statistics() {
  return network_->statistics();
}

std::vector<NamedArray> Resnet::named_arrays() const {
  return network_->named_arrays();
}

double Resnet::loss_and_gradient(std::span<const float> images, std::span<const std::int64_t> labels, int side,
                                 double smoothing, std::span<float> gradient) {
  const auto count = static_cast<std::int64_t>(labels.size());
  const Tensor logits = network_->logits(images, count, side, /*training=*/true);
  for (const std::int64_t label : labels) {
    base::require(label >= 0 && label < logits.size(1), "label {}: expected 0 to {}", label, logits.size(1) - 1);
  }
  const Tensor targets = at::from_blob(const_cast<std::int64_t*>(labels.data()), {count}, at::kLong);
  const Tensor loss =
      at::cross_entropy_loss(logits, targets, {}, at::Reduction::Mean, /*ignore_index=*/-100, smoothing);
  network_->parameters().gradient(loss, gradient);
  return loss.item<float>();
}

std::vector<float> Resnet::logits(std::span<const float> images, int count, int side) const {
  const at::NoGradGuard no_gradient;
  const Tensor logits = network_->logits(images, count, side, /*training=*/false).contiguous();
  return {logits.data_ptr<float>(), logits.data_ptr<float>() + logits.numel()};
}

}  // namespace optinc::workload
