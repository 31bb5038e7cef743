#include <onnx/onnx_pb.h>

#include "optinc/base/atomic_file.h"
#include "optinc/base/error.h"
#include "optinc/base/version.h"
#include "optinc/onn/design.h"
#include "optinc/onn/design_metadata.h"

namespace optinc::onn {
namespace {

constexpr int kIrVersion = 7;
constexpr int kOpset = 13;
constexpr const char* kInputName = "levels";
constexpr const char* kOutputName = "symbols";

/// float32 [batch, width].
void describe(const char* name, int width, onnx::ValueInfoProto& value) {
  value.set_name(name);
  onnx::TypeProto::Tensor& type = *value.mutable_type()->mutable_tensor_type();
  type.set_elem_type(onnx::TensorProto::FLOAT);
  type.mutable_shape()->add_dim()->set_dim_param("batch");
  type.mutable_shape()->add_dim()->set_dim_value(width);
}

void add_initialiser(const std::string& name, std::initializer_list<int> shape, const std::vector<float>& values,
                     onnx::GraphProto& graph) {
  onnx::TensorProto& tensor = *graph.add_initializer();
  tensor.set_name(name);
  tensor.set_data_type(onnx::TensorProto::FLOAT);
  for (const int size : shape) tensor.add_dims(size);
  tensor.set_raw_data(values.data(), values.size() * sizeof(float));  // little-endian, as ONNX wants it
}

/// to = from * weight^T + bias.
void add_gemm(const std::string& layer, const std::string& from, const std::string& to, onnx::GraphProto& graph) {
  onnx::NodeProto& node = *graph.add_node();
  node.set_op_type("Gemm");
  node.set_name(layer);
  for (const std::string& input : {from, layer + ".weight", layer + ".bias"}) node.add_input(input);
  node.add_output(to);
  onnx::AttributeProto& transposed = *node.add_attribute();
  transposed.set_name("transB");
  transposed.set_type(onnx::AttributeProto::INT);
  transposed.set_i(1);
}

void add_relu(const std::string& name, const std::string& from, const std::string& to, onnx::GraphProto& graph) {
  onnx::NodeProto& node = *graph.add_node();
  node.set_op_type("Relu");
  node.set_name(name);
  node.add_input(from);
  node.add_output(to);
}

void build_graph(const Network& network, onnx::GraphProto& graph) {
  graph.set_name("onn");
  describe(kInputName, network.inputs(), *graph.add_input());
  describe(kOutputName, network.outputs(), *graph.add_output());
  std::string from = kInputName;
  for (std::size_t i = 0; i < network.layers.size(); ++i) {
    const Layer& layer = network.layers[i];
    const std::string name = fmt::format("layer.{}", i);
    add_initialiser(name + ".weight", {layer.outputs, layer.inputs}, layer.weight, graph);
    add_initialiser(name + ".bias", {layer.outputs}, layer.bias, graph);
    if (i + 1 == network.layers.size()) {
      add_gemm(name, from, kOutputName, graph);
    } else {
      add_gemm(name, from, name + ".sum", graph);
      add_relu(name + ".relu", name + ".sum", name + ".output", graph);
      from = name + ".output";
    }
  }
}

}  // namespace

void export_onnx(const std::filesystem::path& path, const Design& design) {
  check(design, path.string());
  onnx::ModelProto model;
  model.set_ir_version(kIrVersion);
  model.set_producer_name("optinc");
  model.set_producer_version(base::kVersion);
  model.add_opset_import()->set_version(kOpset);  // the default domain, "", is ONNX's own
  for (const auto& [key, value] : to_metadata(design)) {
    onnx::StringStringEntryProto& entry = *model.add_metadata_props();
    entry.set_key(key);
    entry.set_value(value);
  }
  build_graph(design.network, *model.mutable_graph());
  std::string bytes;
  if (!model.SerializeToString(&bytes)) {
    throw base::RunError(
        fmt::format("{}: the network does not fit an ONNX file, which has at most 2 GiB", path.string()));
  }
  base::write_file_atomically(path, bytes);
}

}  // namespace optinc::onn
