#include "optinc/chip/link_budget.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "optinc/chip/layout.h"
#include "optinc/chip/unit_matrices.h"
#include "optinc/onn/mzi_count.h"

namespace optinc::chip {
namespace {

constexpr double kElectronCharge = 1.602176634e-19;  // C

double watts(double dbm) {
  return 1e-3 * std::pow(10, dbm / 10);
}

double dbm(double watts) {
  return 10 * std::log10(watts / 1e-3);
}

double sum(const std::vector<double>& values) {
  double total = 0;
  for (const double value : values) total += value;
  return total;
}

/// rad of all phases of a block.
double phases_of(const Block& block) {
  double total = sum(block.attenuators.theta) + sum(block.attenuators.phi);
  for (const mesh::Mesh* mesh : {&block.first, block.second ? &*block.second : nullptr}) {
    if (mesh != nullptr) total += sum(mesh->theta) + sum(mesh->phi) + sum(mesh->output_phase);
  }
  return total;
}

double mean_crossings(int lines, int squares) {
  double total = 0;
  for (int square = 0; square < squares; ++square) {
    for (int line = 0; line < lines; ++line) total += crossings(line, lines, square, squares);
  }
  return total / (static_cast<double>(lines) * squares);
}

StageBudget budget_of(const Stage& stage, const Hardware& hardware) {
  StageBudget budget{.name = stage.name, .outputs = stage.outputs, .inputs = stage.inputs};
  budget.placed = count_placed(stage);
  budget.area_mzi = stage.approximated ? onn::approximated_mzis(stage.outputs, stage.inputs)
                                       : onn::dense_mzis(stage.outputs, stage.inputs);
  budget.gain_db = 20 * std::log10(stage.gain);
  const Block& block = stage.blocks.front();
  const auto depth = [](const mesh::Mesh& mesh) { return static_cast<double>(mesh.shape.columns().size()); };
  const bool three = block.first.shape.kind == mesh::CellKind::three_mzi;
  const double cell_db = (three ? 3 : 2) * hardware.coupler_loss_db + 2 * hardware.phase_shifter_loss_db;
  const double attenuator_db = 2 * hardware.coupler_loss_db + 2 * hardware.phase_shifter_loss_db;
  budget.mesh_loss_db = cell_db * (depth(block.first) + (block.second ? depth(*block.second) : 0)) + attenuator_db;
  for (const auto& [lines, squares] :
       {std::pair(stage.inputs, stage.splits()), std::pair(stage.outputs, stage.combined())}) {
    if (squares == 1) continue;
    budget.network_loss_db += std::ceil(std::log2(squares)) * hardware.splitter_loss_db +
                              mean_crossings(lines, squares) * hardware.crossing_loss_db;
  }
  if (!stage.bias.empty()) budget.bias_loss_db = 10 * std::log10(2.0) + hardware.coupler_loss_db;
  double phases = 0;
  for (const Block& each : stage.blocks) phases += phases_of(each);
  budget.heater_power_w = phases / std::numbers::pi * hardware.heater_pi_power_mw * 1e-3;
  return budget;
}

std::vector<HopBudget> hops_of(const Program& program) {
  const std::size_t last = program.stages.size() - 2;
  std::vector<HopBudget> hops;
  for (std::size_t s = 1; s <= last; ++s) {
    HopBudget hop{.name = program.stages[s].name, .stages = {s}};
    if (s == 1) hop.stages.insert(hop.stages.begin(), 0), hop.name = "P + " + hop.name;
    if (s == last) hop.stages.push_back(last + 1), hop.name += " + T";
    hops.push_back(std::move(hop));
  }
  return hops;
}

}  // namespace

LinkBudget link_budget(const Program& program, const Hardware& hardware) {
  LinkBudget budget;
  for (const Stage& stage : program.stages) {
    budget.stages.push_back(budget_of(stage, hardware));
    budget.heater_power_w += budget.stages.back().heater_power_w;
  }
  double largest_symbol_level = 0;
  for (int i = 0; i < program.shape.symbols(); ++i) {
    largest_symbol_level = std::max(largest_symbol_level, largest_symbol(program.shape, i));
  }
  budget.hops = hops_of(program);
  for (HopBudget& hop : budget.hops) {
    const Stage& from = program.stages[hop.stages.front()];
    const bool from_transmitters = hop.stages.front() == 0;
    hop.full_scale_in =
        from_transmitters ? largest_symbol_level : program.stages[hop.stages.front() - 1].largest_output;
    hop.emission_dbm = from_transmitters ? hardware.transmitter_power_dbm : hardware.emission_power_dbm;
    hop.lanes = from.inputs;
    hop.detectors = program.stages[hop.stages.back()].outputs;
    hop.largest_output = program.stages[hop.stages.back()].largest_output;
    double loss_db = hardware.detector_coupling_loss_db;
    for (const std::size_t s : hop.stages) loss_db += budget.stages[s].gain_db + budget.stages[s].insertion_loss_db();
    // sqrt(W) at a detector for an output of one level.
    const double field_per_level = std::sqrt(watts(hop.emission_dbm)) / hop.full_scale_in * std::pow(10, -loss_db / 20);
    const double received = std::pow(field_per_level * hop.largest_output, 2);
    hop.received_dbm = dbm(received);
    const double oscillator = watts(hardware.local_oscillator_dbm), bandwidth = hardware.symbol_rate_gbd * 1e9 / 2;
    const double thermal = hardware.thermal_noise_pa_per_sqrt_hz * 1e-12;
    const double shot =
        2 * kElectronCharge * hardware.responsivity_a_per_w * (oscillator + received) * hardware.shot_noise;
    const double noise = std::sqrt((thermal * thermal + shot) * bandwidth);
    hop.noise_levels = noise / (2 * hardware.responsivity_a_per_w * std::sqrt(oscillator) * field_per_level);
    hop.snr_db = 20 * std::log10(hop.largest_output / hop.noise_levels);
    hop.laser_power_w =
        (hop.lanes * watts(hop.emission_dbm) + hop.detectors * oscillator) / hardware.laser_wall_plug_efficiency;
    budget.laser_power_w += hop.laser_power_w;
  }
  return budget;
}

base::Json to_json(const LinkBudget& budget) {
  const auto finite = [](double value) { return std::isfinite(value) ? base::Json(value) : base::Json(nullptr); };
  base::Json stages = base::Json::array(), hops = base::Json::array();
  for (const StageBudget& stage : budget.stages) {
    stages.push_back({{"name", stage.name},
                      {"outputs", stage.outputs},
                      {"inputs", stage.inputs},
                      {"area_mzi", stage.area_mzi},
                      {"placed_mzi", stage.placed.mzis()},
                      {"cells", stage.placed.cells},
                      {"attenuators", stage.placed.attenuators},
                      {"splitters", stage.placed.splitters},
                      {"combiners", stage.placed.combiners},
                      {"reference", stage.placed.reference},
                      {"output_phases", stage.placed.output_phases},
                      {"gain_db", stage.gain_db},
                      {"mesh_loss_db", stage.mesh_loss_db},
                      {"network_loss_db", stage.network_loss_db},
                      {"bias_loss_db", stage.bias_loss_db},
                      {"heater_power_w", stage.heater_power_w}});
  }
  for (const HopBudget& hop : budget.hops) {
    hops.push_back({{"name", hop.name},
                    {"full_scale_in", hop.full_scale_in},
                    {"largest_output", hop.largest_output},
                    {"lanes", hop.lanes},
                    {"detectors", hop.detectors},
                    {"emission_dbm", hop.emission_dbm},
                    {"received_dbm", finite(hop.received_dbm)},
                    {"noise_levels", hop.noise_levels},
                    {"snr_db", finite(hop.snr_db)},
                    {"laser_power_w", hop.laser_power_w}});
  }
  return {{"stages", stages},
          {"hops", hops},
          {"heater_power_w", budget.heater_power_w},
          {"laser_power_w", budget.laser_power_w}};
}

}  // namespace optinc::chip
