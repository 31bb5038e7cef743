#include "optinc/cost/model.h"

#include <fmt/format.h>

#include "optinc/base/error.h"
#include "optinc/base/text.h"

namespace optinc::cost {
namespace {

/// Parts of a residual network, and the side of the image behind the last of them.
class ResnetParts {
 public:
  explicit ResnetParts(int side) : side_(side) {}

  /// A convolution without bias, of half a kernel's padding, with the batch normalisation behind it.
  void convolve(const std::string& name, int in, int out, int kernel, int stride) {
    side_ = (side_ + stride - 1) / stride;
    add(name, in, out, kernel, side_);
  }
  /// The same on a shortcut: it ends at the side that the block has reached.
  void project(const std::string& name, int in, int out) { add(name, in, out, 1, side_); }
  void pool(int stride) { side_ = (side_ + stride - 1) / stride; }
  void classify(int in, int classes) {
    const auto weights = static_cast<std::uint64_t>(in) * classes;
    parts_.push_back({"fc", weights + classes, 2.0 * static_cast<double>(weights)});
  }
  std::vector<ModelPart> take() { return std::move(parts_); }

 private:
  void add(const std::string& name, int in, int out, int kernel, int side) {
    const std::uint64_t weights = static_cast<std::uint64_t>(in) * out * kernel * kernel;
    parts_.push_back({name, weights + 2 * out, 2.0 * static_cast<double>(weights) * side * side});
  }

  int side_;
  std::vector<ModelPart> parts_;
};

void add_bottleneck_blocks(ResnetParts& parts, const std::vector<int>& blocks) {
  int in = 64;
  for (std::size_t stage = 0; stage < blocks.size(); ++stage) {
    const int width = 64 << stage, out = 4 * width;
    for (int block = 0; block < blocks[stage]; ++block) {
      const std::string name = fmt::format("layer{}.{}", stage + 1, block);
      parts.convolve(name + ".conv1", in, width, 1, 1);
      parts.convolve(name + ".conv2", width, width, 3, block == 0 && stage > 0 ? 2 : 1);
      parts.convolve(name + ".conv3", width, out, 1, 1);
      if (block == 0) parts.project(name + ".downsample", in, out);
      in = out;
    }
  }
}

/// `projected`: shortcuts that change their shape have a convolution; else they have no parameters.
void add_basic_blocks(ResnetParts& parts, int first_width, const std::vector<int>& blocks, bool projected) {
  int in = first_width;
  for (std::size_t stage = 0; stage < blocks.size(); ++stage) {
    const int out = first_width << stage;
    for (int block = 0; block < blocks[stage]; ++block) {
      const std::string name = fmt::format("layer{}.{}", stage + 1, block);
      parts.convolve(name + ".conv1", in, out, 3, block == 0 && stage > 0 ? 2 : 1);
      parts.convolve(name + ".conv2", out, out, 3, 1);
      if (in != out && projected) parts.project(name + ".downsample", in, out);
      in = out;
    }
  }
}

}  // namespace

std::uint64_t TransformerShape::layer_parameters() const {
  const auto h = static_cast<std::uint64_t>(hidden);
  const std::uint64_t key_values = h / heads * key_value_heads;
  return 2 * h * h + 2 * h * key_values + 3 * h * ffn_hidden + 2 * h;
}

std::uint64_t TransformerShape::embedding_parameters() const {
  return static_cast<std::uint64_t>(vocab) * hidden;
}

double TransformerShape::layer_forward_flop() const {
  const double matrices = static_cast<double>(layer_parameters() - 2 * static_cast<std::uint64_t>(hidden));
  // Scores and their product with the values: 2 multiplications an element of `hidden` for each pair of tokens.
  return 2 * matrices * context + 4.0 * context * context * hidden;
}

std::uint64_t Model::parameters() const {
  std::uint64_t sum = 0;
  for (const ModelPart& part : parts) sum += part.parameters;
  return sum;
}

double Model::forward_flop() const {
  double sum = 0;
  for (const ModelPart& part : parts) sum += part.forward_flop;
  return sum;
}

Model resnet(const std::string& name, const ResnetShape& shape) {
  base::require(shape.depth == 18 || shape.depth == 20 || shape.depth == 50, "ResNet{}: expected ResNet18, 20 or 50",
                shape.depth);
  base::require(shape.image_side >= 8, "image side {}: expected 8 or more", shape.image_side);
  base::require(shape.classes >= 1, "classes {}: expected 1 or more", shape.classes);
  base::require(shape.depth != 20 || !shape.imagenet_stem, "ResNet20 with an ImageNet stem: expected the CIFAR one");
  ResnetParts parts(shape.image_side);
  const int first_width = shape.depth == 20 ? 16 : 64;
  if (shape.imagenet_stem) {
    parts.convolve("conv1", 3, first_width, 7, 2);
    parts.pool(2);
  } else {
    parts.convolve("conv1", 3, first_width, 3, 1);
  }
  if (shape.depth == 20) {
    add_basic_blocks(parts, 16, {3, 3, 3}, false);
  } else if (shape.depth == 18) {
    add_basic_blocks(parts, 64, {2, 2, 2, 2}, true);
  } else {
    add_bottleneck_blocks(parts, {3, 4, 6, 3});
  }
  parts.classify(shape.depth == 20 ? 64 : shape.depth == 18 ? 512 : 2048, shape.classes);
  return {name, fmt::format("image of {0} x {0}", shape.image_side), parts.take(), std::nullopt};
}

Model transformer(const std::string& name, const TransformerShape& shape) {
  for (const int size :
       {shape.layers, shape.hidden, shape.ffn_hidden, shape.heads, shape.key_value_heads, shape.vocab, shape.context}) {
    base::require(size >= 1, "{}: {} as a size: expected 1 or more", name, size);
  }
  base::require(shape.hidden % shape.heads == 0, "{}: {} heads do not divide hidden {}", name, shape.heads,
                shape.hidden);
  base::require(shape.heads % shape.key_value_heads == 0, "{}: {} heads of keys and values do not divide {} heads",
                name, shape.key_value_heads, shape.heads);
  Model model{name,
              fmt::format("sequence of {} tokens", base::with_commas(static_cast<std::uint64_t>(shape.context))),
              {},
              shape};
  model.parts.push_back({"embedding", shape.embedding_parameters(), 0});
  for (int layer = 0; layer < shape.layers; ++layer) {
    model.parts.push_back({fmt::format("layer {}", layer + 1), shape.layer_parameters(), shape.layer_forward_flop()});
  }
  const auto matrix = static_cast<double>(shape.embedding_parameters());
  model.parts.push_back(
      {"output", shape.embedding_parameters() + static_cast<std::uint64_t>(shape.hidden), 2 * matrix * shape.context});
  return model;
}

}  // namespace optinc::cost
