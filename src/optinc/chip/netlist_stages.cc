// What a netlist's stages do: light sent along the connections.
#include <charconv>
#include <cmath>
#include <complex>
#include <limits>
#include <optional>
#include <utility>

#include "optinc/base/atomic_file.h"
#include "optinc/base/error.h"
#include "optinc/chip/netlist.h"
#include "optinc/chip/netlist_text.h"
#include "optinc/mesh/mzi.h"

namespace optinc::chip {
namespace {

using linalg::Complex;

/// The field of one line: its share of the field of every input of the stage. Empty: dark.
using Light = std::vector<Complex>;

class Follower {
 public:
  Follower(const Netlist& netlist, const std::string& name) : netlist_(netlist), name_(name) {
    for (const Instance& instance : netlist.instances) {
      stage_of_instance_.push_back(read_stage(instance));
      if (instance.component == Component::gain) register_gain(instance);
    }
    for (std::size_t i = 0; i < stage_of_instance_.size(); ++i) {
      const std::size_t stage = stage_of_instance_[i];
      const bool has_outputs = stage < outputs_of_stage_.size() && outputs_of_stage_[stage] > 0;
      if (!has_outputs) refuse(netlist.instances[i], "a gain for every output of its stage, and there is none");
    }
    base::require(!stage_of_instance_.empty(), "{}: no instances, expected a program", name);
    light_.resize(netlist.instance_of_output.size());
    line_.resize(light_.size());
  }

  std::vector<NetlistStage> follow() {
    for (std::size_t s = 0; s < outputs_of_stage_.size(); ++s) {
      base::require(outputs_of_stage_[s] > 0, "{}: no stage s{}, expected it before s{}", name_, s,
                    outputs_of_stage_.size() - 1);
      const auto outputs = static_cast<Eigen::Index>(outputs_of_stage_[s]);
      stages_.push_back({linalg::ComplexMatrix::Zero(outputs, static_cast<Eigen::Index>(inputs_of(s))), {}, false});
    }
    for (const std::size_t index : in_order_of_light()) pass(index);
    check_outputs();
    const std::size_t last = stages_.size() - 1;
    for (std::size_t port = 0; port < netlist_.output_ports.size(); ++port) {
      const std::size_t output = netlist_.output_ports[port];
      const std::size_t index = netlist_.instance_of_output[output];
      base::require(stage_of_instance_[index] == last && line_[output] == port,
                    "{}: port out_{} is {}, expected output {} of the last stage", name_, port,
                    netlist_.instances[index].name, port);
    }
    base::require(netlist_.output_ports.size() == outputs_of_stage_[last], "{}: {} output ports, expected {}", name_,
                  netlist_.output_ports.size(), outputs_of_stage_[last]);
    return std::move(stages_);
  }

 private:
  [[noreturn]] void refuse(const Instance& instance, std::string_view expected) const {
    base::refuse("{}:{}: instance {}, expected {}", name_, instance.line, instance.name, expected);
  }

  /// "s12_.." -> 12.
  std::size_t read_stage(const Instance& instance) const {
    std::size_t stage = 0;
    const std::string_view name = instance.name;
    constexpr std::size_t kMostStages = 1000;
    const auto [end, error] = std::from_chars(name.data() + name.starts_with('s'), name.data() + name.size(), stage);
    const bool good = name.starts_with('s') && error == std::errc() && end != name.data() + name.size() &&
                      *end == '_' && stage < kMostStages;
    if (!good) refuse(instance, "a name that begins with its stage, like s1_");
    return stage;
  }

  /// "s1_gain_7" -> 7.
  std::size_t read_line(const Instance& instance) const {
    std::size_t line = 0;
    const std::string_view digits = instance.name.substr(instance.name.rfind('_') + 1);
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), line);
    if (error != std::errc() || end != digits.data() + digits.size()) {
      refuse(instance, "a name that ends with the number of its output, like _7");
    }
    return line;
  }

  /// Gains are the stages' outputs; they come in order.
  void register_gain(const Instance& instance) {
    const std::size_t stage = stage_of_instance_.back();
    if (outputs_of_stage_.size() <= stage) outputs_of_stage_.resize(stage + 1);
    if (read_line(instance) != outputs_of_stage_[stage]++) refuse(instance, "the gains of a stage in their order");
  }

  std::size_t inputs_of(std::size_t stage) const {
    return stage == 0 ? netlist_.input_ports : outputs_of_stage_[stage - 1];
  }

  /// Every instance behind all that feed it.
  std::vector<std::size_t> in_order_of_light() const {
    const std::vector<Instance>& instances = netlist_.instances;
    std::vector<std::size_t> missing(instances.size()), order;
    std::vector<std::optional<std::size_t>> fed_by_output(netlist_.instance_of_output.size());
    for (std::size_t i = 0; i < instances.size(); ++i) {
      for (std::size_t k = 0; k < instances[i].inputs; ++k) {
        const Source& source = netlist_.source_of_input[instances[i].first_input + k];
        if (source.kind != Source::Kind::output) continue;
        fed_by_output[source.number] = i;
        ++missing[i];
      }
      if (missing[i] == 0) order.push_back(i);
    }
    for (std::size_t done = 0; done < order.size(); ++done) {
      const Instance& instance = instances[order[done]];
      for (std::size_t k = 0; k < instance.outputs; ++k) {
        const std::optional<std::size_t> fed = fed_by_output[instance.first_output + k];
        if (fed && --missing[*fed] == 0) order.push_back(*fed);
      }
    }
    for (std::size_t i = 0; i < instances.size() && order.size() < instances.size(); ++i) {
      if (missing[i] > 0) refuse(instances[i], "connections that make no circle");
    }
    return order;
  }

  /// The light that arrives at an input; it is taken away from where it was.
  Light arriving(const Instance& instance, std::size_t stage, std::size_t input) {
    const Source& source = netlist_.source_of_input[instance.first_input + input];
    if (source.kind == Source::Kind::dark) return {};
    std::optional<std::size_t> line;  // of the stage's inputs
    if (source.kind == Source::Kind::port) {
      if (stage != 0) refuse(instance, "ports in_0 .. at stage s0 alone");
      line = source.number;
    } else {
      const std::size_t stage_before = stage_of_instance_[netlist_.instance_of_output[source.number]];
      if (stage_before == stage && !line_[source.number]) return std::move(light_[source.number]);
      if (stage_before + 1 == stage) line = line_[source.number];
      if (!line) refuse(instance, "light of its own stage, or of an output of the one before");
    }
    Light light(inputs_of(stage));
    light.at(*line) = 1;
    return light;
  }

  void add(Light& sum, const Light& light, Complex factor) const {
    if (sum.empty()) sum.resize(light.size());
    for (std::size_t i = 0; i < light.size(); ++i) sum[i] += factor * light[i];
  }

  void pass_cell(const Instance& instance, const mesh::Transfer& transfer, const Light& upper, const Light& lower) {
    Light& out_upper = light_[instance.first_output];
    Light& out_lower = light_[instance.first_output + 1];
    add(out_upper, upper, transfer.a);
    add(out_upper, lower, transfer.b);
    add(out_lower, upper, transfer.c);
    add(out_lower, lower, transfer.d);
  }

  void pass(std::size_t index) {
    const Instance& instance = netlist_.instances[index];
    const std::size_t stage_number = stage_of_instance_[index];
    NetlistStage& stage = stages_.at(stage_number);
    const auto [first, second] = instance.settings;
    Light& out = light_[instance.first_output];
    const bool behind_gain = instance.component == Component::reference || instance.component == Component::relu;
    std::vector<Light> in(behind_gain ? 0 : instance.inputs);
    for (std::size_t i = 0; i < in.size(); ++i) in[i] = arriving(instance, stage_number, i);
    switch (instance.component) {
      case Component::mzi:
        pass_cell(instance, mesh::mzi(first, second), in[0], in[1]);
        return;
      case Component::mzi_3:
        pass_cell(instance, mesh::three_mzi(first, second), in[0], in[1]);
        return;
      case Component::phase_shifter:
        add(out, in[0], std::polar(1.0, first));
        return;
      case Component::splitter:
        for (std::size_t way = 0; way < instance.outputs; ++way) {
          add(light_[instance.first_output + way], in[0], 1 / std::sqrt(first));
        }
        return;
      case Component::combiner:
        for (const Light& light : in) add(out, light, 1 / std::sqrt(first));
        return;
      case Component::gain:
        add(out, in[0], first);
        line_[instance.first_output] = read_line(instance);
        for (std::size_t i = 0; i < out.size(); ++i) stage.matrix(*line_[instance.first_output], i) = out[i];
        return;
      case Component::reference:
        pass_output(instance, stage_number);
        stage.bias.resize(stage.matrix.rows(), std::numeric_limits<double>::quiet_NaN());
        stage.bias.at(*line_[instance.first_output]) = first;
        return;
      case Component::relu:
        pass_output(instance, stage_number);
        stage.relu = true;
        ++relus_;
        return;
    }
  }

  /// What stands behind a gain and leaves the matrix as it is: a reference, or a ReLU perhaps behind that.
  void pass_output(const Instance& instance, std::size_t stage) {
    const Source& source = netlist_.source_of_input[instance.first_input];
    bool good = source.kind == Source::Kind::output;
    if (good) {
      const std::size_t index = netlist_.instance_of_output[source.number];
      const Component before = netlist_.instances[index].component;
      good = stage_of_instance_[index] == stage &&
             (before == Component::gain || (before == Component::reference && instance.component == Component::relu));
    }
    if (!good) refuse(instance, "it behind a gain of its stage");
    line_[instance.first_output] = line_[source.number];
  }

  /// A reference, and a ReLU, stand behind all outputs of a stage or behind none.
  void check_outputs() const {
    std::size_t relus = 0;
    for (std::size_t s = 0; s < stages_.size(); ++s) {
      for (std::size_t i = 0; i < stages_[s].bias.size(); ++i) {
        base::require(!std::isnan(stages_[s].bias[i]),
                      "{}: output {} of stage s{} has no reference, expected one, as others", name_, i, s);
      }
      if (stages_[s].relu) relus += outputs_of_stage_[s];
    }
    base::require(relus == relus_, "{}: {} relu, expected {}: behind all outputs of a stage or none", name_, relus_,
                  relus);
  }

  const Netlist& netlist_;
  const std::string& name_;
  std::vector<std::size_t> stage_of_instance_;    // [instances]
  std::vector<std::size_t> outputs_of_stage_;     // [stages]
  std::vector<Light> light_;                      // [outputs of all instances]
  std::vector<std::optional<std::size_t>> line_;  // [outputs of all instances]: the stage's output that it is
  std::size_t relus_ = 0;
  std::vector<NetlistStage> stages_;
};

}  // namespace

std::vector<NetlistStage> load_netlist(const std::filesystem::path& path) {
  const std::string name = path.string();
  const std::string text = base::read_file(path);
  const Netlist netlist = parse_netlist(text, name);
  return Follower(netlist, name).follow();
}

std::vector<linalg::ComplexMatrix> netlist_matrices(const std::filesystem::path& path) {
  std::vector<linalg::ComplexMatrix> matrices;
  for (NetlistStage& stage : load_netlist(path)) matrices.push_back(std::move(stage.matrix));
  return matrices;
}

}  // namespace optinc::chip
