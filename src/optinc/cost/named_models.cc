// Models by name. Sources: ResNets K. He et al., arXiv:1512.03385; LLaMA H. Touvron et al., arXiv:2302.13971; LLaMA 2
// H. Touvron et al., arXiv:2307.09288; LLaMA 3 A. Grattafiori et al., arXiv:2407.21783; resnet50-cifar100 and
// llama-paper arXiv:2603.28290.
#include <algorithm>
#include <array>

#include <fmt/ranges.h>

#include "optinc/base/error.h"
#include "optinc/cost/model.h"

namespace optinc::cost {
namespace {

struct NamedResnet {
  const char* name;
  ResnetShape shape;
};
constexpr std::array kResnets = {
    // The paper's images are CIFAR-100's; that the stem is ImageNet's is ours: it does not say.
    NamedResnet{"resnet50-cifar100", {.depth = 50, .imagenet_stem = true, .image_side = 32, .classes = 100}},
    NamedResnet{"resnet20-cifar100", {.depth = 20, .imagenet_stem = false, .image_side = 32, .classes = 100}},
    NamedResnet{"resnet18", {.depth = 18}},
    NamedResnet{"resnet50", {.depth = 50}},
};

struct NamedTransformer {
  const char* name;
  TransformerShape shape;
};
constexpr std::array kTransformers = {
    // 8 layers, 384, 8 heads are the paper's; vocabulary (LLaMA's), context and the width of SwiGLU are ours.
    NamedTransformer{"llama-paper", {8, 384, 1024, 8, 8, 32000, 512}},
    NamedTransformer{"llama-7b", {32, 4096, 11008, 32, 32, 32000, 2048}},
    NamedTransformer{"llama-13b", {40, 5120, 13824, 40, 40, 32000, 2048}},
    NamedTransformer{"llama-33b", {60, 6656, 17920, 52, 52, 32000, 2048}},
    NamedTransformer{"llama-65b", {80, 8192, 22016, 64, 64, 32000, 2048}},
    NamedTransformer{"llama-2-70b", {80, 8192, 28672, 64, 8, 32000, 4096}},
    NamedTransformer{"llama-3-8b", {32, 4096, 14336, 32, 8, 128256, 8192}},
    NamedTransformer{"llama-3-70b", {80, 8192, 28672, 64, 8, 128256, 8192}},
};

}  // namespace

std::vector<std::string> model_names() {
  std::vector<std::string> names;
  for (const NamedResnet& each : kResnets) names.emplace_back(each.name);
  for (const NamedTransformer& each : kTransformers) names.emplace_back(each.name);
  return names;
}

Model named_model(std::string_view name) {
  for (const NamedResnet& each : kResnets) {
    if (name == each.name) return resnet(each.name, each.shape);
  }
  for (const NamedTransformer& each : kTransformers) {
    if (name == each.name) return transformer(each.name, each.shape);
  }
  base::refuse("model {}: expected one of {}", name, fmt::join(model_names(), ", "));
}

}  // namespace optinc::cost
