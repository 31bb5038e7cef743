#include <cmath>
#include <limits>
#include <map>
#include <optional>

#include <onnx/onnx_pb.h>

#include "optinc/base/error.h"
#include "optinc/onn/import_readers.h"

namespace optinc::onn {
namespace {

/// "Gemm fc1": how messages call a node.
std::string title(const onnx::NodeProto& node) {
  if (node.name().empty() && node.output_size() == 0) return printable(node.op_type());
  return printable(node.op_type() + ' ' + (node.name().empty() ? node.output(0) : node.name()));
}

const onnx::AttributeProto* find_attribute(const onnx::NodeProto& node, std::string_view name) {
  for (const onnx::AttributeProto& attribute : node.attribute()) {
    if (attribute.name() == name) return &attribute;
  }
  return nullptr;
}

std::int64_t integer_of(const onnx::NodeProto& node, std::string_view name) {
  const onnx::AttributeProto* attribute = find_attribute(node, name);
  return attribute == nullptr ? 0 : attribute->i();
}

float factor_of(const onnx::NodeProto& node, std::string_view name) {
  const onnx::AttributeProto* attribute = find_attribute(node, name);
  return attribute == nullptr ? 1 : attribute->f();
}

Tensor read_tensor(const onnx::TensorProto& proto, const std::string& name, std::string_view file_name) {
  Tensor tensor{printable(name), {}, {}};
  const std::string place = fmt::format("{}: tensor {}", file_name, tensor.name);
  base::require(proto.data_location() != onnx::TensorProto::EXTERNAL,
                "{}: its numbers are in another file, expected them in this one", place);
  const bool is_double = proto.data_type() == onnx::TensorProto::DOUBLE;
  base::require(is_double || proto.data_type() == onnx::TensorProto::FLOAT, "{}: type {}, expected float32 or float64",
                place,
                onnx::TensorProto::DataType_IsValid(proto.data_type())
                    ? onnx::TensorProto::DataType_Name(static_cast<onnx::TensorProto::DataType>(proto.data_type()))
                    : std::to_string(proto.data_type()));
  for (const std::int64_t size : proto.dims()) {
    base::require(size >= 0, "{}: size {}, expected at least 0", place, size);
    tensor.shape.push_back(static_cast<std::uint64_t>(size));
  }
  const std::uint64_t count = count_numbers(tensor.shape, file_name, tensor.name);
  if (proto.has_raw_data()) {
    const std::size_t number_bytes = is_double ? sizeof(double) : sizeof(float);
    base::require(proto.raw_data().size() == count * number_bytes, "{}: {} bytes, expected {} for its shape and type",
                  place, proto.raw_data().size(), count * number_bytes);
    tensor.values = floats_of_bytes(proto.raw_data(), number_bytes);
  } else if (is_double) {
    for (const double value : proto.double_data()) tensor.values.push_back(static_cast<float>(value));
  } else {
    tensor.values.assign(proto.float_data().begin(), proto.float_data().end());
  }
  base::require(tensor.values.size() == count, "{}: {} numbers, expected {} for its shape", place, tensor.values.size(),
                count);
  return tensor;
}

/// Follows the one value that a chain of nodes hands on, and collects the layers it passes.
class Chain {
 public:
  Chain(const onnx::GraphProto& graph, std::string_view file_name) : graph_(graph), file_name_(file_name) {}

  Network follow() {
    for (const onnx::TensorProto& proto : graph_.initializer()) constants_[proto.name()] = &proto;
    current_ = only_input();
    for (const onnx::NodeProto& node : graph_.node()) step(node);
    base::require(!network_.layers.empty(), "{}: has no Gemm or MatMul, expected one a layer", file_name_);
    base::require(!behind_relu_, "{}: ends with a Relu, expected a linear layer last", file_name_);
    base::require(graph_.output_size() == 1 && graph_.output(0).name() == current_,
                  "{}: gives {} outputs, expected one, that of the last node", file_name_, graph_.output_size());
    return std::move(network_);
  }

 private:
  const std::string& only_input() const {
    const std::string* found = nullptr;
    int count = 0;
    for (const onnx::ValueInfoProto& input : graph_.input()) {
      if (constants_.contains(input.name())) continue;  // before IR version 4, initialisers were inputs as well
      found = &input.name();
      ++count;
    }
    base::require(count == 1, "{}: takes {} inputs, expected one", file_name_, count);
    return *found;
  }

  void step(const onnx::NodeProto& node) {
    const std::string& op = node.op_type();
    base::require(node.domain().empty() || node.domain() == "ai.onnx",
                  "{}: node {} is of domain {}, expected ONNX's own", file_name_, title(node),
                  printable(node.domain()));
    base::require(node.output_size() == 1, "{}: node {} has {} outputs, expected 1", file_name_, title(node),
                  node.output_size());
    if (op == "Constant") {
      const onnx::AttributeProto* value = find_attribute(node, "value");
      base::require(value != nullptr && value->has_t(), "{}: node {} holds no tensor, expected one", file_name_,
                    title(node));
      constants_[node.output(0)] = &value->t();
      return;
    }
    if (op == "Gemm") {
      add_gemm(node);
    } else if (op == "MatMul") {
      add_matmul(node);
    } else if (op == "Add") {
      add_bias(node);
    } else if (op == "Relu") {
      take_input(node, 0, 1);
      base::require(!network_.layers.empty() && !behind_relu_,
                    "{}: node {} does not follow a linear layer, expected it to", file_name_, title(node));
      behind_relu_ = true;
    } else {
      base::require(op == "Identity", "{}: node {}, expected Gemm, MatMul, Add, Relu, Identity or Constant alone",
                    file_name_, title(node));
      take_input(node, 0, 1);
    }
    current_ = node.output(0);
  }

  /// Refuses a node whose input `place` is not the chain's value, or that has more than `most` inputs.
  void take_input(const onnx::NodeProto& node, int place, int most) const {
    base::require(node.input_size() > place && node.input_size() <= most, "{}: node {} has {} inputs, expected 1 to {}",
                  file_name_, title(node), node.input_size(), most);
    base::require(node.input(place) == current_,
                  "{}: node {} takes {}, expected {}: one chain from the input to the output", file_name_, title(node),
                  printable(node.input(place)), printable(current_));
  }

  Tensor constant(const onnx::NodeProto& node, int place) const {
    base::require(place < node.input_size(), "{}: node {} has {} inputs, expected at least {}", file_name_, title(node),
                  node.input_size(), place + 1);
    const auto found = constants_.find(node.input(place));
    base::require(found != constants_.end(), "{}: node {} takes {}, expected an initialiser there", file_name_,
                  title(node), printable(node.input(place)));
    return read_tensor(*found->second, node.input(place), file_name_);
  }

  /// weight [outputs, inputs], or [inputs, outputs] to be transposed; times `factor`.
  void add_layer(const onnx::NodeProto& node, const Tensor& weight, bool transpose, float factor) {
    base::require(network_.layers.empty() || behind_relu_,
                  "{}: node {} follows a linear layer, expected a Relu between them", file_name_, title(node));
    base::require(weight.shape.size() == 2 && weight.shape[0] >= 1 && weight.shape[1] >= 1,
                  "{}: node {} has a weight of shape {}, expected two sizes from 1", file_name_, title(node),
                  show(weight.shape));
    const std::size_t outputs = weight.shape[transpose ? 1 : 0];
    const std::size_t inputs = weight.shape[transpose ? 0 : 1];
    base::require(network_.layers.empty() || inputs == static_cast<std::size_t>(network_.outputs()),
                  "{}: node {} takes {} inputs, expected {}, what the layer before gives", file_name_, title(node),
                  inputs, network_.layers.empty() ? 0 : network_.outputs());
    numbers_ += outputs * inputs;
    base::require(numbers_ <= kMostNumbers, "{}: has {} weights up to node {}, expected at most {}", file_name_,
                  numbers_, title(node), kMostNumbers);
    Layer layer{static_cast<int>(outputs), static_cast<int>(inputs), weight.values, std::vector<float>(outputs)};
    for (std::size_t i = 0; i < outputs; ++i) {
      for (std::size_t j = 0; j < inputs; ++j) {
        layer.weight[i * inputs + j] = factor * weight.values[transpose ? j * outputs + i : i * inputs + j];
      }
    }
    network_.layers.push_back(std::move(layer));
    behind_relu_ = false;
  }

  /// Adds `factor` * a vector of as many numbers as there are outputs, or one number for all of them.
  void add_to_bias(const onnx::NodeProto& node, const Tensor& addend, float factor) {
    std::vector<float>& bias = network_.layers.back().bias;
    const bool one = addend.values.size() == 1;
    const bool row = addend.shape.size() == 1 || (addend.shape.size() == 2 && addend.shape[0] == 1);
    base::require(one || (row && addend.values.size() == bias.size()),
                  "{}: node {} adds a tensor of shape {}, expected [{}], the outputs of the layer", file_name_,
                  title(node), show(addend.shape), bias.size());
    for (std::size_t i = 0; i < bias.size(); ++i) bias[i] += factor * addend.values[one ? 0 : i];
  }

  void add_gemm(const onnx::NodeProto& node) {
    take_input(node, 0, 3);
    base::require(integer_of(node, "transA") == 0, "{}: node {} has transA, expected its input as it is", file_name_,
                  title(node));
    add_layer(node, constant(node, 1), integer_of(node, "transB") == 0, factor_of(node, "alpha"));
    if (node.input_size() == 3 && !node.input(2).empty()) add_to_bias(node, constant(node, 2), factor_of(node, "beta"));
  }

  void add_matmul(const onnx::NodeProto& node) {
    take_input(node, 0, 2);
    add_layer(node, constant(node, 1), true, 1);
  }

  void add_bias(const onnx::NodeProto& node) {
    const int place = node.input_size() == 2 && node.input(1) == current_ ? 1 : 0;
    take_input(node, place, 2);
    base::require(!network_.layers.empty() && !behind_relu_,
                  "{}: node {} does not follow a linear layer, expected it to", file_name_, title(node));
    add_to_bias(node, constant(node, 1 - place), 1);
  }

  const onnx::GraphProto& graph_;
  std::string_view file_name_;
  std::map<std::string, const onnx::TensorProto*> constants_;
  std::string current_;  // the value that the next node must take
  bool behind_relu_ = false;
  std::uint64_t numbers_ = 0;  // weights so far
  Network network_;
};

}  // namespace

Network read_onnx(std::string_view bytes, std::string_view file_name) {
  onnx::ModelProto model;
  const bool parsed = bytes.size() <= std::numeric_limits<int>::max() &&
                      model.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()));
  base::require(parsed, "{}: can't be read, expected a whole ONNX model, .npz or a state dict of PyTorch", file_name);
  base::require(model.has_graph(), "{}: has no graph, expected an ONNX model, .npz or a state dict of PyTorch",
                file_name);
  return Chain(model.graph(), file_name).follow();
}

}  // namespace optinc::onn
