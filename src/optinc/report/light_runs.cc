#include "optinc/report/light_runs.h"

#include <algorithm>
#include <array>
#include <limits>

#include "optinc/base/error.h"

namespace optinc::report {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

double number_of(const base::Json& value) {
  return value.is_null() ? kNaN : value.get<double>();
}

bool is_number(const base::Json& value) {
  return value.is_null() || value.is_number();
}

/// What is drawn is held in a picture of columns x modes: it has to stay small.
std::uint64_t extent(const RecordFields& mesh, std::string_view key, std::uint64_t least) {
  constexpr std::uint64_t kMost = 4096;
  const std::uint64_t found = mesh.count(key);
  base::require(found >= least && found <= kMost, "{}: '{}' is {}, expected {} to {}", mesh.place(), key, found, least,
                kMost);
  return found;
}

MeshCell read_cell(const RecordFields& fields, const DrawnMesh& mesh, std::size_t index) {
  const base::Json& cell = fields.list("cells").at(index);
  const bool is_cell = cell.is_array() && cell.size() == 4 && cell[0].is_number_unsigned() &&
                       cell[1].is_number_unsigned() && is_number(cell[2]) && is_number(cell[3]);
  const bool is_inside =
      is_cell && cell[0].get<std::uint64_t>() < mesh.columns && cell[1].get<std::uint64_t>() < mesh.modes - 1;
  base::require(is_inside, "{}: cells[{}] is {}, expected [column below {}, mode below {}, theta, phi]", fields.place(),
                index, quote_json(cell), mesh.columns, mesh.modes - 1);
  return {.column = cell[0].get<std::uint64_t>(),
          .mode = cell[1].get<std::uint64_t>(),
          .theta = number_of(cell[2]),
          .phi = number_of(cell[3])};
}

DrawnMesh read_mesh(const RecordFields& fields) {
  DrawnMesh mesh{
      .stage = fields.text("stage"), .modes = extent(fields, "modes", 2), .columns = extent(fields, "columns", 1)};
  const std::size_t cells = fields.list("cells").size();
  mesh.cells.reserve(cells);
  for (std::size_t i = 0; i < cells; ++i) mesh.cells.push_back(read_cell(fields, mesh, i));
  return mesh;
}

Program read_program(const RecordFields& fields) {
  Program program{.design = fields.text("design"),
                  .origin = fields.text("origin"),
                  .layout = fields.text("layout"),
                  .cell = fields.text("cell"),
                  .area_mzi = fields.count("area_mzi"),
                  .placed_mzi = fields.count("placed_mzi")};
  for (std::size_t i = 0; i < fields.list("stages").size(); ++i) {
    const RecordFields stage = fields.item("stages", i);
    program.stages.push_back({.name = stage.text("name"),
                              .outputs = stage.count("outputs"),
                              .inputs = stage.count("inputs"),
                              .approximated = stage.flag("approximated"),
                              .area_mzi = stage.count("area_mzi"),
                              .placed_mzi = stage.count("placed_mzi"),
                              .gain_db = stage.number("gain_db")});
  }
  for (std::size_t i = 0; i < fields.list("meshes").size(); ++i) {
    program.meshes.push_back(read_mesh(fields.item("meshes", i)));
  }
  return program;
}

Interval read_interval(const RecordFields& fields, std::string_view key) {
  const base::Json& ends = fields.list(key);
  base::require(ends.size() == 2 && is_number(ends[0]) && is_number(ends[1]), "{}: '{}' is {}, expected two numbers",
                fields.place(), key, quote_json(ends));
  return {number_of(ends[0]), number_of(ends[1])};
}

std::optional<std::string> optional_text(const RecordFields& fields, std::string_view key) {
  if (!fields.has(key)) return std::nullopt;
  return fields.text(key);
}

ChipCondition read_condition(const RecordFields& fields) {
  ChipCondition condition{.number = fields.count("condition"),
                          .correction = fields.text("correction"),
                          .key = optional_text(fields, "key"),
                          .component = optional_text(fields, "component"),
                          .stage = optional_text(fields, "stage"),
                          .chips = fields.count("chips"),
                          .exact_symbol_rate = fields.number("exact_symbol_rate"),
                          .rate_interval = read_interval(fields, "rate_interval"),
                          .least_rate = fields.number("least_rate"),
                          .median_rate = fields.number("median_rate"),
                          .largest_rate = fields.number("largest_rate"),
                          .symbol_error_rate = fields.number("symbol_error_rate"),
                          .threshold = fields.number("threshold"),
                          .yield = fields.number("yield"),
                          .yield_interval = read_interval(fields, "yield_interval")};
  if (condition.key || condition.component) condition.value = fields.number("value");
  return condition;
}

/// A resumed run sums up all its conditions again: the later one stands.
void add_condition(ChipCondition condition, SimulationRun& run) {
  const auto before = std::ranges::find(run.conditions, condition.number, &ChipCondition::number);
  if (before == run.conditions.end()) {
    run.conditions.push_back(std::move(condition));
  } else {
    *before = std::move(condition);
  }
}

StageBudget read_stage_budget(const RecordFields& fields) {
  return {.name = fields.text("name"),
          .outputs = fields.count("outputs"),
          .inputs = fields.count("inputs"),
          .area_mzi = fields.count("area_mzi"),
          .placed_mzi = fields.count("placed_mzi"),
          .gain_db = fields.number("gain_db"),
          .mesh_loss_db = fields.number("mesh_loss_db"),
          .network_loss_db = fields.number("network_loss_db"),
          .bias_loss_db = fields.number("bias_loss_db"),
          .heater_power_w = fields.number("heater_power_w")};
}

HopBudget read_hop_budget(const RecordFields& fields) {
  return {.name = fields.text("name"),
          .lanes = fields.count("lanes"),
          .detectors = fields.count("detectors"),
          .emission_dbm = fields.number("emission_dbm"),
          .received_dbm = fields.number("received_dbm"),
          .largest_output = fields.number("largest_output"),
          .noise_levels = fields.number("noise_levels"),
          .snr_db = fields.number("snr_db"),
          .laser_power_w = fields.number("laser_power_w")};
}

LinkBudget read_link_budget(const RecordFields& fields) {
  LinkBudget budget{.program = fields.text("program"), .hardware = fields.text("hardware")};
  for (std::size_t i = 0; i < fields.list("stages").size(); ++i) {
    budget.stages.push_back(read_stage_budget(fields.item("stages", i)));
  }
  for (std::size_t i = 0; i < fields.list("hops").size(); ++i) {
    budget.hops.push_back(read_hop_budget(fields.item("hops", i)));
  }
  budget.heater_power_w = fields.number("heater_power_w");
  budget.laser_power_w = fields.number("laser_power_w");
  return budget;
}

ErrorLaw read_error_law(const RecordFields& fields) {
  ErrorLaw law{.layout = fields.text("layout"), .cell = fields.text("cell"), .correction = fields.text("correction")};
  for (std::size_t i = 0; i < fields.list("points").size(); ++i) {
    const RecordFields point = fields.item("points", i);
    law.points.push_back({.size = point.count("size"),
                          .sigma = point.number("sigma"),
                          .samples = point.count("samples"),
                          .mean = point.number("mean"),
                          .standard_error = point.number("standard_error")});
  }
  if (!fields.value("law").is_null()) law.law = fields.text("law");
  law.constant = fields.number("constant");
  law.expected = fields.number("expected");
  return law;
}

}  // namespace

bool is_light_command(std::string_view command) {
  constexpr std::array<std::string_view, 4> kCommands = {"compile", "simulate", "link-budget", "error-law"};
  return std::ranges::find(kCommands, command) != kCommands.end();
}

void begin_light_run(const RecordFields& fields, RunHeader header, LightRuns& runs) {
  if (header.command == "compile") {
    runs.programs.push_back({.header = std::move(header)});
  } else if (header.command == "simulate") {
    const RecordFields config(fields.place() + ": config", fields.object("config"));
    runs.simulations.push_back({.header = std::move(header),
                                .program = config.text("program"),
                                .design = config.text("design"),
                                .layout = config.text("layout"),
                                .cell = config.text("cell"),
                                .hardware = config.text("hardware")});
  } else if (header.command == "link-budget") {
    runs.link_budgets.push_back({.header = std::move(header)});
  } else {
    runs.error_laws.push_back({.header = std::move(header)});
  }
}

void add_to_light(const RecordFields& fields, std::string_view command, std::string_view type, LightRuns& runs) {
  if (command == "compile") {
    if (type == "program") runs.programs.back().program = read_program(fields);
  } else if (command == "simulate") {
    if (type == "chip") ++runs.simulations.back().chips;
    if (type == "yield") add_condition(read_condition(fields), runs.simulations.back());
  } else if (command == "link-budget") {
    if (type == "link_budget") runs.link_budgets.back().budget = read_link_budget(fields);
  } else {
    if (type == "error_law") runs.error_laws.back().laws.push_back(read_error_law(fields));
  }
}

}  // namespace optinc::report
