#include "optinc/chip/netlist.h"

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

#include "optinc/base/atomic_file.h"
#include "optinc/base/error.h"
#include "optinc/chip/number_text.h"
#include "optinc/codec/rounding.h"
#include "optinc/onn/import_readers.h"

namespace optinc::chip {
namespace {

constexpr std::string_view kConventions = R"(#
# Light goes from the inputs i0, i1, .. of a component to its outputs o0, o1, ..; fields out = matrix * fields in. Inputs
# without a connection are dark, and what comes out of outputs without one is lost. Phases in rad.
#
#   mzi {theta, phi}       B diag(exp(i theta), 1) B diag(exp(i phi), 1), B = [[1, i], [i, 1]] / sqrt(2) a coupler, that is
#                          i exp(i theta/2) [[exp(i phi) sin(theta/2),  cos(theta/2)],
#                                            [exp(i phi) cos(theta/2), -sin(theta/2)]]
#   mzi_3 {theta, phi}     mzi * B: with a third coupler in front
#   phase_shifter {phase}  o0 = exp(i phase) i0
#   splitter {ways}        o0 = o1 = .. = i0 / sqrt(ways)
#   combiner {ways}        o0 = (i0 + i1 + ..) / sqrt(ways)
#   gain {gain}            o0 = gain i0: what no passive part gives
#   reference {bias}       o0 = i0 + bias: reference light joins
#   relu                   o0 = max(Re i0, 0): a detector, and a new emission
#
# Linear simulators, such as SAX, want a model a component by these names; cut the circuit at relu, let reference pass i0.
# The ports in_0 .. and out_0 .. are those of P and T: number i N + n is symbol i (0: the most significant) of server n.
#
# Stages, outputs x inputs:
)";

using Settings = std::initializer_list<std::pair<const char*, double>>;

/// Light on its way through the program: the output that a line comes from; empty: dark.
using Lines = std::vector<std::string>;

class Writer {
 public:
  std::string program(const Program& program) {
    const std::size_t layers = program.stages.size() - 2;
    Lines lines;
    for (int port = 0; port < program.stages.front().inputs; ++port) lines.push_back(fmt::format("in_{}", port));
    for (std::size_t s = 0; s < program.stages.size(); ++s) {
      lines = pass_stage(program.stages[s], fmt::format("s{}", s), std::move(lines), /*relu=*/s > 0 && s < layers);
    }
    for (std::size_t port = 0; port < lines.size(); ++port) {
      ports_ += fmt::format("  out_{}: {}\n", port, lines[port]);
    }
    return head(program) + "instances:\n" + instances_ + "connections:\n" + connections_ + "ports:\n" + ports_;
  }

 private:
  static std::string head(const Program& program) {
    std::string text =
        fmt::format("# {}\n# A program for the design {}: {} bits, {} servers, {}, {}.\n", kNetlistFormat,
                    onn::printable(program.design), program.shape.bits, program.shape.servers,
                    codec::to_string(program.shape.rounding), onn::to_string(program.shape.role));
    text += kConventions;
    for (std::size_t s = 0; s < program.stages.size(); ++s) {
      const Stage& stage = program.stages[s];
      text += fmt::format("#   s{:<3} {:<3} {} x {}\n", s, onn::printable(stage.name), stage.outputs, stage.inputs);
    }
    return text;
  }

  void instance(const std::string& name, const char* component, Settings settings) {
    instances_ += fmt::format("  {}: {{component: {}, settings: {{", name, component);
    const char* separator = "";
    for (const auto& [key, value] : settings) {
      instances_ += fmt::format("{}{}: ", separator, key);
      append_number(instances_, value);
      separator = ", ";
    }
    instances_ += "}}\n";
  }

  void instance_of_ways(const std::string& name, const char* component, std::size_t ways) {
    instances_ += fmt::format("  {}: {{component: {}, settings: {{ways: {}}}}}\n", name, component, ways);
  }

  void connect(const std::string& from, const std::string& instance, std::size_t input) {
    if (from.empty()) return;
    std::string& section = from.starts_with("in_") ? ports_ : connections_;
    section += fmt::format("  {}: {},i{}\n", from, instance, input);
  }

  /// An instance with one input and one output.
  void pass(std::string& line, const std::string& name, const char* component, Settings settings) {
    instance(name, component, settings);
    connect(line, name, 0);
    line = name + ",o0";
  }

  Lines pass_mesh(const mesh::Mesh& mesh, const std::string& name, Lines lines) {
    const char* component = mesh.shape.kind == mesh::CellKind::mzi ? "mzi" : "mzi_3";
    for (const mesh::Column& column : mesh.shape.columns()) {
      for (int i = 0; i < column.count; ++i) {
        const std::size_t cell = column.first_cell + i, mode = column.first_mode + 2 * static_cast<std::size_t>(i);
        const std::string cell_name = fmt::format("{}_c{}", name, cell);
        instance(cell_name, component, {{"theta", mesh.theta[cell]}, {"phi", mesh.phi[cell]}});
        for (const std::size_t side : {0, 1}) {
          connect(lines[mode + side], cell_name, side);
          lines[mode + side] = fmt::format("{},o{}", cell_name, side);
        }
      }
    }
    for (std::size_t mode = 0; mode < lines.size(); ++mode) {
      pass(lines[mode], fmt::format("{}_p{}", name, mode), "phase_shifter", {{"phase", mesh.output_phase[mode]}});
    }
    return lines;
  }

  Lines pass_block(const Block& block, const std::string& name, Lines lines) {
    lines = pass_mesh(block.first, name + "_first", std::move(lines));
    lines.resize(block.attenuators.lines());
    for (std::size_t i = 0; i < lines.size(); ++i) {
      pass(lines[i], fmt::format("{}_a{}", name, i), "mzi",
           {{"theta", block.attenuators.theta[i]}, {"phi", block.attenuators.phi[i]}});
    }
    if (!block.second) return lines;
    lines.resize(block.second->shape.size);
    return pass_mesh(*block.second, name + "_second", std::move(lines));
  }

  Lines pass_stage(const Stage& stage, const std::string& name, Lines inputs, bool relu) {
    std::vector<Lines> copies = split(name, std::move(inputs), stage.splits());  // [inputs, splits]
    std::vector<Lines> meeting(stage.outputs);                                   // [outputs], at most `combined` each
    std::vector<int> taken(copies.size(), 0);
    for (std::size_t b = 0; b < stage.blocks.size(); ++b) {
      const Block& block = stage.blocks[b];
      Lines lines;
      for (int input = block.column; input < block.column + block.columns(); ++input) {
        base::require(taken[input] < stage.splits(),
                      "stage {}: more than {} blocks at input {}, expected as many as at {}", stage.name,
                      stage.splits(), input, stage.blocks.front().column);
        lines.push_back(std::move(copies[input][taken[input]++]));
      }
      lines = pass_block(block, fmt::format("{}_b{}", name, b), std::move(lines));
      for (int i = 0; i < block.rows(); ++i) meeting[block.row + i].push_back(std::move(lines[i]));
    }
    Lines outputs = combine(stage, name, std::move(meeting));
    for (int i = 0; i < stage.outputs; ++i) {
      pass(outputs[i], fmt::format("{}_gain_{}", name, i), "gain", {{"gain", stage.gain}});
      if (!stage.bias.empty()) {
        pass(outputs[i], fmt::format("{}_reference_{}", name, i), "reference", {{"bias", stage.bias[i]}});
      }
      if (relu) pass(outputs[i], fmt::format("{}_relu_{}", name, i), "relu", {});
    }
    return outputs;
  }

  /// [inputs, ways]
  std::vector<Lines> split(const std::string& name, Lines inputs, int ways) {
    std::vector<Lines> copies;
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      Lines& mine = copies.emplace_back();
      if (ways == 1) {
        mine.push_back(std::move(inputs[i]));
        continue;
      }
      const std::string splitter = fmt::format("{}_split_{}", name, i);
      instance_of_ways(splitter, "splitter", ways);
      connect(inputs[i], splitter, 0);
      for (int way = 0; way < ways; ++way) mine.push_back(fmt::format("{},o{}", splitter, way));
    }
    return copies;
  }

  /// The fields that meet in each output, in one line each.
  Lines combine(const Stage& stage, const std::string& name, std::vector<Lines> meeting) {
    const auto ways = static_cast<std::size_t>(stage.combined());
    Lines outputs;
    for (std::size_t i = 0; i < meeting.size(); ++i) {
      base::require(meeting[i].size() <= ways, "stage {}: {} blocks at output {}, expected at most {}, as at {}",
                    stage.name, meeting[i].size(), i, ways, stage.blocks.front().row);
      if (ways == 1) {
        outputs.push_back(meeting[i].empty() ? std::string() : std::move(meeting[i].front()));
        continue;
      }
      const std::string combiner = fmt::format("{}_combine_{}", name, i);
      instance_of_ways(combiner, "combiner", ways);
      for (std::size_t way = 0; way < meeting[i].size(); ++way) connect(meeting[i][way], combiner, way);
      outputs.push_back(combiner + ",o0");
    }
    return outputs;
  }

  std::string instances_, connections_, ports_;
};

}  // namespace

void save_netlist(const std::filesystem::path& path, const Program& program) {
  check(program, path.string());
  base::write_file_atomically(path, Writer().program(program));
}

}  // namespace optinc::chip
