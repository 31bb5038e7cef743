#include "optinc/onn/import.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <cstring>
#include <limits>

#include "optinc/base/atomic_file.h"
#include "optinc/base/error.h"
#include "optinc/onn/import_readers.h"

namespace optinc::onn {
namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/// Words that say what a tensor is to its layer.
bool is_kind(std::string_view word) {
  std::string lower(word);
  std::ranges::transform(lower, lower.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  constexpr std::array<std::string_view, 10> kKinds = {"weight", "weights", "kernel",     "coefs", "w",
                                                       "bias",   "biases",  "intercepts", "b",     "matrix"};
  return std::ranges::find(kKinds, lower) != kKinds.end();
}

/// The name of the layer: "fc1.weight" -> "fc1.", "W1" -> "1"; its last word that says what the tensor is, left out.
std::string layer_name(const std::string& name) {
  std::size_t end = name.size();
  while (end > 0) {
    if (!is_letter(name[end - 1])) {
      --end;
      continue;
    }
    std::size_t begin = end;
    while (begin > 0 && is_letter(name[begin - 1])) --begin;
    if (is_kind(std::string_view(name).substr(begin, end - begin))) return name.substr(0, begin) + name.substr(end);
    end = begin;
  }
  return name;
}

/// The tensors of one layer.
struct Parts {
  std::string name;
  const Tensor* weight = nullptr;
  const Tensor* bias = nullptr;
};

std::vector<Parts> group(const std::vector<Tensor>& tensors, std::string_view file_name) {
  std::vector<Parts> layers;
  for (const Tensor& tensor : tensors) {
    base::require(tensor.shape.size() == 1 || tensor.shape.size() == 2,
                  "{}: {} has shape {}, expected a weight [outputs, inputs] or a bias [outputs]", file_name,
                  printable(tensor.name), show(tensor.shape));
    const std::string name = layer_name(tensor.name);
    auto layer = std::ranges::find(layers, name, &Parts::name);
    if (layer == layers.end()) layer = layers.insert(layer, {name});
    const Tensor*& part = tensor.shape.size() == 2 ? layer->weight : layer->bias;
    base::require(part == nullptr, "{}: {} and {} would be the same part of a layer, expected a weight and a bias",
                  file_name, part == nullptr ? "" : printable(part->name), printable(tensor.name));
    part = &tensor;
  }
  // arr_0, arr_1, ...: a vector whose name does not say what it is belongs to the matrix before it. One that is called
  // a weight is of another kind of layer (PReLU, a norm), one that is called a bias lacks its weight.
  std::vector<Parts> joined;
  for (const Parts& layer : layers) {
    if (layer.weight != nullptr) {
      joined.push_back(layer);
      continue;
    }
    base::require(layer.name == layer.bias->name && !joined.empty() && joined.back().bias == nullptr,
                  "{}: {} has shape {} and no weight [outputs, inputs] beside it, expected linear layers alone",
                  file_name, printable(layer.bias->name), show(layer.bias->shape));
    joined.back().bias = layer.bias;
  }
  return joined;
}

Layer make_layer(const Parts& parts, int inputs, std::string_view file_name) {
  const std::vector<std::uint64_t>& shape = parts.weight->shape;
  constexpr std::uint64_t kMaxSize = std::numeric_limits<int>::max();
  base::require(shape[0] >= 1 && shape[1] >= 1 && shape[0] <= kMaxSize && shape[1] <= kMaxSize,
                "{}: {} has shape {}, expected at least one output and one input", file_name,
                printable(parts.weight->name), show(shape));
  const auto width = static_cast<std::uint64_t>(inputs);
  base::require(inputs == 0 || shape[1] == width, "{}: {} has shape {}, expected [outputs, {}]{}", file_name,
                printable(parts.weight->name), show(shape), inputs, shape[0] == width ? ": transpose it" : "");
  Layer layer{static_cast<int>(shape[0]), static_cast<int>(shape[1]), parts.weight->values, {}};
  if (parts.bias == nullptr) {
    layer.bias.assign(shape[0], 0);
    return layer;
  }
  base::require(parts.bias->shape[0] == shape[0], "{}: {} has shape {}, expected [{}], the outputs of {}{}", file_name,
                printable(parts.bias->name), show(parts.bias->shape), shape[0], printable(parts.weight->name),
                parts.bias->shape[0] == shape[1] ? ": transpose that" : "");
  layer.bias = parts.bias->values;
  return layer;
}

void check_finite(const Network& network, std::string_view file_name) {
  for (std::size_t i = 0; i < network.layers.size(); ++i) {
    for (const auto& [kind, values] :
         {std::pair{"weights", &network.layers[i].weight}, std::pair{"biases", &network.layers[i].bias}}) {
      const auto bad = std::ranges::find_if_not(*values, [](float value) { return std::isfinite(value); });
      if (bad != values->end()) {
        base::refuse("{}: the {} of layer {} have {} at place {}, expected finite numbers in the range of float32",
                     file_name, kind, i + 1, *bad, bad - values->begin());
      }
    }
  }
}

Network read_any(std::string_view bytes, std::string_view file_name) {
  base::require(!bytes.empty(), "{}: is empty, expected ONNX, .npz or a state dict of PyTorch", file_name);
  if (!Zip::is_zip(bytes)) {
    const std::string ending = std::filesystem::path(file_name).extension().string();
    base::require(ending != ".npz", "{}: no zip archive, expected what numpy.savez writes", file_name);
    base::require(ending != ".npy", "{}: one array, expected all of them in an .npz (numpy.savez)", file_name);
    base::require(ending != ".pt" && ending != ".pth",
                  "{}: no zip archive, expected what torch.save writes since PyTorch 1.6", file_name);
    return read_onnx(bytes, file_name);
  }
  Zip zip(bytes, file_name);
  const bool has_pickle = std::ranges::any_of(zip.entries(), [](const ZipEntry& entry) {
    return entry.name == "data.pkl" || entry.name.ends_with("/data.pkl");
  });
  if (has_pickle) return network_of_tensors(read_torch(zip), file_name);
  std::vector<Tensor> tensors = read_npz(zip);
  std::ranges::stable_sort(tensors, natural_less, &Tensor::name);
  return network_of_tensors(tensors, file_name);
}

}  // namespace

bool natural_less(std::string_view a, std::string_view b) {
  std::size_t i = 0;
  std::size_t j = 0;
  while (i < a.size() && j < b.size()) {
    if (!is_digit(a[i]) || !is_digit(b[j])) {
      if (a[i] != b[j]) return a[i] < b[j];
      ++i;
      ++j;
      continue;
    }
    const auto number = [](std::string_view text, std::size_t& at) {
      while (at < text.size() && text[at] == '0') ++at;
      const std::size_t begin = at;
      while (at < text.size() && is_digit(text[at])) ++at;
      return text.substr(begin, at - begin);
    };
    const std::string_view left = number(a, i);
    const std::string_view right = number(b, j);
    if (left.size() != right.size()) return left.size() < right.size();
    if (left != right) return left < right;
  }
  return a.size() - i < b.size() - j;
}

std::string printable(std::string_view text) {
  std::string result(text.substr(0, 200));
  std::ranges::replace_if(
      result, [](unsigned char c) { return c < 0x20 || c == 0x7f; }, '?');
  return result;
}

std::string show(const std::vector<std::uint64_t>& shape) {
  constexpr std::size_t kMostSizes = 8;
  const auto end = shape.begin() + static_cast<std::ptrdiff_t>(std::min(shape.size(), kMostSizes));
  return fmt::format("[{}{}]", fmt::join(shape.begin(), end, ", "), shape.size() > kMostSizes ? ", ..." : "");
}

std::vector<float> floats_of_bytes(std::string_view bytes, std::size_t number_bytes) {
  std::vector<float> values(bytes.size() / number_bytes);
  if (values.empty()) return values;  // memcpy takes no null pointer
  if (number_bytes == sizeof(float)) {
    std::memcpy(values.data(), bytes.data(), bytes.size());
    return values;
  }
  for (std::size_t i = 0; i < values.size(); ++i) {
    double value = 0;
    std::memcpy(&value, bytes.data() + i * sizeof(double), sizeof(double));
    values[i] = static_cast<float>(value);
  }
  return values;
}

std::uint64_t count_numbers(const std::vector<std::uint64_t>& shape, std::string_view file_name,
                            std::string_view name) {
  std::uint64_t count = 1;
  for (const std::uint64_t size : shape) {
    base::require(size <= kMostNumbers && count * size <= kMostNumbers,
                  "{}: {} has shape {}, expected at most {} numbers", file_name, printable(name), show(shape),
                  kMostNumbers);
    count *= size;
  }
  return count;
}

Network network_of_tensors(const std::vector<Tensor>& tensors, std::string_view file_name) {
  base::require(!tensors.empty(), "{}: has no arrays, expected a weight [outputs, inputs] a layer", file_name);
  Network network;
  int width = 0;
  for (const Parts& parts : group(tensors, file_name)) {
    network.layers.push_back(make_layer(parts, width, file_name));
    width = network.layers.back().outputs;
  }
  return network;
}

Network read_network(std::string_view bytes, std::string_view file_name) {
  Network network = read_any(bytes, file_name);
  check_finite(network, file_name);
  return network;
}

Network import_network(const std::filesystem::path& path) {
  const std::string name = path.string();
  constexpr std::uintmax_t kMostFileBytes = std::uintmax_t{1} << 32;  // what places in a zip archive reach
  std::error_code no_size;                                            // a pipe has none
  const std::uintmax_t file_bytes = std::filesystem::file_size(path, no_size);
  base::require(no_size || file_bytes <= kMostFileBytes, "{}: {} bytes, expected at most {}", name, file_bytes,
                kMostFileBytes);
  return read_network(base::read_file(path), name);
}

}  // namespace optinc::onn
