// What `optinc compile`, `simulate`, `link-budget` and `error-law` wrote (doc/format_records.md): designs as meshes of
// interferometers.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "optinc/report/record_fields.h"
#include "optinc/report/run_header.h"
#include "optinc/report/statistics.h"

namespace optinc::report {

struct MeshCell {
  std::uint64_t column = 0;
  std::uint64_t mode = 0;  ///< the upper one of the two that it mixes
  double theta = 0;        ///< rad; NaN if it was not finite
  double phi = 0;
};

/// A mesh with its phases. Every cell lies inside of `columns` and `modes`.
struct DrawnMesh {
  std::string stage;
  std::uint64_t modes = 0;
  std::uint64_t columns = 0;
  std::vector<MeshCell> cells;
};

struct ProgramStage {
  std::string name;
  std::uint64_t outputs = 0;
  std::uint64_t inputs = 0;
  bool approximated = false;
  std::uint64_t area_mzi = 0;    ///< as the paper counts
  std::uint64_t placed_mzi = 0;  ///< as built
  double gain_db = 0;
};

struct Program {
  std::string design;
  std::string origin;
  std::string layout;
  std::string cell;
  std::uint64_t area_mzi = 0;
  std::uint64_t placed_mzi = 0;
  std::vector<ProgramStage> stages;
  std::vector<DrawnMesh> meshes;
};

/// A run of `optinc compile`.
struct ProgramRun {
  RunHeader header;
  std::optional<Program> program;
};

/// Chips of one kind: what was swept, or the one imperfection or stage that was left. Plain if there is none of them.
struct ChipCondition {
  std::uint64_t number = 0;
  std::string correction;
  std::optional<std::string> key;        ///< of the hardware, swept
  std::optional<std::string> component;  ///< the only imperfection
  std::optional<double> value;           ///< of `key` or `component`
  std::optional<std::string> stage;      ///< the only one that isn't ideal
  std::uint64_t chips = 0;
  double exact_symbol_rate = 0;  ///< share of inputs whose every symbol is right, mean over the chips
  Interval rate_interval;        ///< 95 %
  double least_rate = 0;
  double median_rate = 0;
  double largest_rate = 0;
  double symbol_error_rate = 0;
  double threshold = 0;
  double yield = 0;  ///< share of chips whose exact-symbol rate is at least `threshold`
  Interval yield_interval;
};

/// A run of `optinc simulate`. A killed run has chips, but no conditions.
struct SimulationRun {
  RunHeader header;
  std::string program;
  std::string design;
  std::string layout;
  std::string cell;
  std::string hardware;
  std::uint64_t chips = 0;  ///< done so far, all conditions together
  std::vector<ChipCondition> conditions;
};

struct StageBudget {
  std::string name;
  std::uint64_t outputs = 0;
  std::uint64_t inputs = 0;
  std::uint64_t area_mzi = 0;
  std::uint64_t placed_mzi = 0;
  double gain_db = 0;
  double mesh_loss_db = 0;
  double network_loss_db = 0;
  double bias_loss_db = 0;
  double heater_power_w = 0;
};

/// From one conversion into light to the next detectors. NaN where a value isn't finite.
struct HopBudget {
  std::string name;
  std::uint64_t lanes = 0;
  std::uint64_t detectors = 0;
  double emission_dbm = 0;
  double received_dbm = 0;
  double largest_output = 0;  ///< levels
  double noise_levels = 0;
  double snr_db = 0;
  double laser_power_w = 0;
};

struct LinkBudget {
  std::string program;
  std::string hardware;
  std::vector<StageBudget> stages;
  std::vector<HopBudget> hops;
  double heater_power_w = 0;
  double laser_power_w = 0;
};

/// A run of `optinc link-budget`.
struct LinkBudgetRun {
  RunHeader header;
  std::optional<LinkBudget> budget;
};

struct ErrorLawPoint {
  std::uint64_t size = 0;
  double sigma = 0;  ///< rad
  std::uint64_t samples = 0;
  double mean = 0;
  double standard_error = 0;
};

struct ErrorLaw {
  std::string layout;
  std::string cell;
  std::string correction;
  std::vector<ErrorLawPoint> points;
  std::optional<std::string> law;  ///< "c sqrt(2 N) sigma" or "c N sigma^2"; absent where none is known
  double constant = 0;             ///< of the law, fitted; NaN without one
  double expected = 0;
};

/// A run of `optinc error-law`.
struct ErrorLawRun {
  RunHeader header;
  std::vector<ErrorLaw> laws;
};

struct LightRuns {
  std::vector<ProgramRun> programs;
  std::vector<SimulationRun> simulations;
  std::vector<LinkBudgetRun> link_budgets;
  std::vector<ErrorLawRun> error_laws;
};

/// Calls `visit` with the header of every run, in the order of the four lists.
template <typename Light, typename Visit>
void for_each_header(Light& light, const Visit& visit) {
  for (auto& run : light.programs) visit(run.header);
  for (auto& run : light.simulations) visit(run.header);
  for (auto& run : light.link_budgets) visit(run.header);
  for (auto& run : light.error_laws) visit(run.header);
}

bool is_light_command(std::string_view command);

/// Begins a run of a light command; `fields` are those of its `run` record. Throws base::InputError, one line, as do
/// all readings here.
void begin_light_run(const RecordFields& fields, RunHeader header, LightRuns& runs);

/// Adds a record of type `type` to the last run of `command`; unknown types are passed over.
void add_to_light(const RecordFields& fields, std::string_view command, std::string_view type, LightRuns& runs);

}  // namespace optinc::report
