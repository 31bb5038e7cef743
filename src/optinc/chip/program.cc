#include "optinc/chip/program.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "optinc/base/error.h"
#include "optinc/mesh/mzi.h"
#include "optinc/mesh/propagate.h"

namespace optinc::chip {

Attenuators set_attenuators(const std::vector<double>& attenuation) {
  Attenuators result;
  for (const double share : attenuation) {
    base::require(share >= 0 && share <= 1, "attenuation {}: expected a share of the field, 0 .. 1", share);
    const mesh::Setting setting = mesh::setting_for(std::asin(share));
    result.theta.push_back(mesh::wrap_phase(setting.theta_rad));
    result.phi.push_back(mesh::wrap_phase(-setting.upper_rad - setting.input_rad));
  }
  return result;
}

int Stage::splits() const {
  return static_cast<int>(std::ranges::count(blocks, blocks.front().column, &Block::column));
}

int Stage::combined() const {
  return static_cast<int>(std::ranges::count(blocks, blocks.front().row, &Block::row));
}

Placed count_placed(const Stage& stage) {
  Placed placed;
  for (const Block& block : stage.blocks) {
    placed.cells += static_cast<std::int64_t>(block.first.shape.cells());
    placed.output_phases += block.first.shape.size;
    placed.attenuators += static_cast<std::int64_t>(block.attenuators.lines());
    if (block.second) {
      placed.cells += static_cast<std::int64_t>(block.second->shape.cells());
      placed.output_phases += block.second->shape.size;
    }
  }
  placed.splitters = std::int64_t{stage.inputs} * (stage.splits() - 1);
  placed.combiners = std::int64_t{stage.outputs} * (stage.combined() - 1);
  if (!stage.bias.empty()) placed.reference = 3 * std::int64_t{stage.outputs} - 1;
  return placed;
}

linalg::ComplexMatrix stage_matrix(const Stage& stage, bool passive) {
  linalg::ComplexMatrix matrix = linalg::ComplexMatrix::Zero(stage.outputs, stage.inputs);
  for (const Block& block : stage.blocks) {
    linalg::ComplexMatrix light = mesh::Propagator(block.first).matrix().topRows(block.attenuators.lines());
    for (Eigen::Index line = 0; line < light.rows(); ++line) {
      light.row(line) *= mesh::mzi(block.attenuators.theta[line], block.attenuators.phi[line]).a;
    }
    if (block.second) light = mesh::Propagator(*block.second).matrix().leftCols(light.rows()) * light;
    matrix.block(block.row, block.column, light.rows(), light.cols()) += light;
  }
  const double shared = 1 / std::sqrt(static_cast<double>(stage.splits()) * stage.combined());
  return matrix * (passive ? shared : shared * stage.gain);
}

namespace {

void check_phases(const std::vector<double>& phases, std::size_t count, const std::string& what) {
  base::require(phases.size() == count, "{}: {} phases, expected {}", what, phases.size(), count);
  for (const double phase : phases) {
    base::require(phase >= 0 && phase < 2 * std::numbers::pi, "{}: phase {}, expected 0 <= phase < 2 pi", what, phase);
  }
}

void check_mesh(const mesh::Mesh& mesh, const std::string& what) {
  base::require(mesh.shape.kind == mesh::CellKind::mzi || mesh.shape.layout == mesh::Layout::triangular,
                "{}: 3-MZIs in a {} mesh, expected a triangular one", what, to_string(mesh.shape.layout));
  base::require(mesh.shape.size >= 1 && mesh.shape.size <= 65536, "{}: a mesh of {} modes, expected 1 .. 65536", what,
                mesh.shape.size);
  check_phases(mesh.theta, mesh.shape.cells(), what + ", theta");
  check_phases(mesh.phi, mesh.shape.cells(), what + ", phi");
  check_phases(mesh.output_phase, mesh.shape.size, what + ", output phases");
}

void check_stage(const Stage& stage, const std::string& what) {
  base::require(stage.outputs >= 1 && stage.inputs >= 1, "{}: {} x {}, expected 1 x 1 or larger", what, stage.outputs,
                stage.inputs);
  base::require(std::isfinite(stage.gain) && stage.gain > 0, "{}: gain {}, expected a positive number", what,
                stage.gain);
  base::require(std::isfinite(stage.largest_output) && stage.largest_output >= 0,
                "{}: largest output {}, expected 0 or more", what, stage.largest_output);
  base::require(!stage.blocks.empty(), "{}: no blocks, expected at least 1", what);
  for (const double bias : stage.bias) base::require(std::isfinite(bias), "{}: bias {}, expected a number", what, bias);
  for (std::size_t b = 0; b < stage.blocks.size(); ++b) {
    const Block& block = stage.blocks[b];
    const std::string place = fmt::format("{}, block {}", what, b);
    check_mesh(block.first, place + ", first mesh");
    if (block.second) check_mesh(*block.second, place + ", second mesh");
    const std::size_t lines = std::min(block.rows(), block.columns());
    check_phases(block.attenuators.theta, lines, place + ", attenuators' theta");
    check_phases(block.attenuators.phi, lines, place + ", attenuators' phi");
    base::require(block.row >= 0 && block.column >= 0 && block.row + block.rows() <= stage.outputs &&
                      block.column + block.columns() <= stage.inputs,
                  "{}: {} x {} at {}, {}: expected within {} x {}", place, block.rows(), block.columns(), block.row,
                  block.column, stage.outputs, stage.inputs);
  }
}

}  // namespace

void check(const Program& program, const std::string& name) {
  try {
    program.shape.check();
  } catch (const base::InputError& error) {
    base::refuse("{}: {}", name, error.what());
  }
  base::require(program.stages.size() >= 3, "{}: {} stages, expected P, at least one layer, and T", name,
                program.stages.size());
  const int ports = program.shape.symbols() * program.shape.servers;
  for (std::size_t s = 0; s < program.stages.size(); ++s) {
    const Stage& stage = program.stages[s];
    const bool is_layer = s > 0 && s + 1 < program.stages.size();
    const std::string what = fmt::format("{}: stage {}", name, stage.name);
    const std::string right = s == 0 ? "P" : is_layer ? std::to_string(s) : "T";
    base::require(stage.name == right, "{}: stage {} is called {}, expected {}", name, s, stage.name, right);
    base::require(stage.approximated == (is_layer && program.approximated.contains(static_cast<int>(s))),
                  "{}: stage {} is {}approximated, expected what the layers {} say", name, stage.name,
                  stage.approximated ? "" : "not ", program.approximated.to_string());
    const int inputs = s == 0 ? ports : program.stages[s - 1].outputs;
    base::require(stage.inputs == inputs, "{}: {} inputs, expected {}", what, stage.inputs, inputs);
    base::require(stage.bias.size() == (is_layer ? static_cast<std::size_t>(stage.outputs) : 0),
                  "{}: bias of {} outputs, expected {}", what, stage.bias.size(), is_layer ? stage.outputs : 0);
    check_stage(stage, what);
  }
  base::require(program.stages.front().outputs == program.shape.inputs, "{}: P has {} outputs, expected {}", name,
                program.stages.front().outputs, program.shape.inputs);
  base::require(program.stages.back().inputs == program.shape.symbols() && program.stages.back().outputs == ports,
                "{}: T is {} x {}, expected {} x {}", name, program.stages.back().outputs, program.stages.back().inputs,
                ports, program.shape.symbols());
}

}  // namespace optinc::chip
