#include <limits>

#include "optinc/base/atomic_file.h"
#include "optinc/base/error.h"
#include "optinc/onn/design.h"
#include "optinc/onn/design_metadata.h"
#include "optinc/onn/safetensors.h"

namespace optinc::onn {
namespace {

std::string weight_name(std::size_t layer) {
  return fmt::format("layer.{}.weight", layer);
}
std::string bias_name(std::size_t layer) {
  return fmt::format("layer.{}.bias", layer);
}

std::string show(const std::vector<std::uint64_t>& shape) {
  return fmt::format("[{}]", fmt::join(shape, ", "));
}

/// Takes layer `i` out of `file`, whose tensors must be weight, bias, weight, bias, ... in order.
Layer take_layer(TensorFile& file, std::size_t i, std::string_view file_name) {
  Tensor& weight = file.tensors[2 * i];
  Tensor& bias = file.tensors[2 * i + 1];
  constexpr std::uint64_t kMaxSize = std::numeric_limits<int>::max();
  base::require(weight.shape.size() == 2 && weight.shape[0] <= kMaxSize && weight.shape[1] <= kMaxSize,
                "{}: tensor {} has shape {}, expected [outputs, inputs]", file_name, weight.name, show(weight.shape));
  base::require(bias.shape.size() == 1 && bias.shape[0] == weight.shape[0],
                "{}: tensor {} has shape {}, expected [{}], the outputs of {}", file_name, bias.name, show(bias.shape),
                weight.shape[0], weight.name);
  return {static_cast<int>(weight.shape[0]), static_cast<int>(weight.shape[1]), std::move(weight.values),
          std::move(bias.values)};
}

/// Number of layers, all the tensors' names being right.
std::size_t check_names(const TensorFile& file, std::string_view file_name) {
  const std::size_t count = file.tensors.size();
  base::require(count >= 2 && count % 2 == 0, "{}: has {} tensors, expected a weight and a bias a layer", file_name,
                count);
  for (std::size_t i = 0; i < count; ++i) {
    const std::string expected = i % 2 == 0 ? weight_name(i / 2) : bias_name(i / 2);
    base::require(file.tensors[i].name == expected,
                  "{}: tensor {} of {} is not \"{}\", expected layer after layer, weight then bias", file_name, i + 1,
                  count, expected);
  }
  return count / 2;
}

}  // namespace

Design load_design(const std::filesystem::path& path) {
  const std::string name = path.string();
  TensorFile file = parse_safetensors(base::read_file(path), name);
  // The format first: what a later format has otherwise should not be called a mistake.
  base::require(!file.metadata.empty(), "{}: has no metadata, expected those of a design", name);
  const std::size_t layers = check_names(file, name);
  Design design = from_metadata(file.metadata, static_cast<int>(layers), name);
  for (std::size_t i = 0; i < layers; ++i) design.network.layers.push_back(take_layer(file, i, name));
  check(design, name);
  return design;
}

void save_design(const std::filesystem::path& path, const Design& design) {
  check(design, path.string());
  TensorFile file{to_metadata(design), {}};
  for (std::size_t i = 0; i < design.network.layers.size(); ++i) {
    const Layer& layer = design.network.layers[i];
    const auto outputs = static_cast<std::uint64_t>(layer.outputs);
    const auto inputs = static_cast<std::uint64_t>(layer.inputs);
    file.tensors.push_back({weight_name(i), {outputs, inputs}, layer.weight});
    file.tensors.push_back({bias_name(i), {outputs}, layer.bias});
  }
  base::write_file_atomically(path, write_safetensors(file));
}

}  // namespace optinc::onn
