// What a cost model needs to know of a neural network: parameters and arithmetic, part by part, from its structure
// alone.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace optinc::cost {

/// A part of a network whose gradients are ready together: a convolution, a decoder layer.
struct ModelPart {
  std::string name;
  std::uint64_t parameters = 0;
  double forward_flop = 0;  ///< of one sample; a multiplication with its addition is two
};

/// A decoder with RMSNorm, rotary positions and SwiGLU (H. Touvron et al., arXiv:2302.13971), its keys and values
/// shared by groups of heads where `key_value_heads` is less than `heads` (J. Ainslie et al., arXiv:2305.13245).
struct TransformerShape {
  int layers = 0;
  int hidden = 0;
  int ffn_hidden = 0;
  int heads = 0;
  int key_value_heads = 0;
  int vocab = 0;
  int context = 0;  ///< tokens of a sequence, which is a sample

  std::uint64_t layer_parameters() const;      ///< of one decoder layer
  std::uint64_t embedding_parameters() const;  ///< of the table of tokens; the output matrix has as many
  double layer_forward_flop() const;           ///< of one decoder layer, one sequence
};

struct Model {
  std::string name;
  std::string sample;            ///< "image of 224 x 224", "sequence of 2,048 tokens"
  std::vector<ModelPart> parts;  ///< in the order of the forward pass
  std::optional<TransformerShape> transformer;

  std::uint64_t parameters() const;
  double forward_flop() const;
  /// Forward and backward: 3 times the forward pass (gradients of inputs and of parameters cost as much each).
  double training_flop() const { return 3 * forward_flop(); }
};

struct ResnetShape {
  int depth = 50;             ///< 18, 20 or 50
  bool imagenet_stem = true;  ///< 7 x 7 of stride 2 and a maximum of stride 2; else 3 x 3 of stride 1
  int image_side = 224;
  int classes = 1000;
};

/// K. He et al., arXiv:1512.03385, with torchvision's places of stride. Convolutions and the last matrix count; batch
/// normalisation, activations and shortcuts' sums do not. Throws base::InputError for another depth, an image below
/// 8 x 8, and ResNet20 with an ImageNet stem.
Model resnet(const std::string& name, const ResnetShape& shape);

/// Matrix products count, attention's scores in full (none is left out for being masked); norms and rotations do not.
/// Throws base::InputError for sizes below 1 and heads that do not divide.
Model transformer(const std::string& name, const TransformerShape& shape);

/// A model that is known by name. Throws base::InputError with the names that exist.
Model named_model(std::string_view name);
std::vector<std::string> model_names();

}  // namespace optinc::cost
