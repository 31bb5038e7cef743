#include "optinc/report/light_summary.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "optinc/report/html.h"

namespace optinc::report {
namespace {

using base::Json;
using base::number_or_null;

Json interval(const Interval& interval) {
  return Json::array({number_or_null(interval.low), number_or_null(interval.high)});
}

Json summarise_program(const RunHeader& header, const Program& program) {
  return {{"name", header.name},
          {"design", program.design},
          {"origin", program.origin},
          {"layout", program.layout},
          {"cell", program.cell},
          {"area_mzi", program.area_mzi},
          {"placed_mzi", program.placed_mzi}};
}

Json summarise_condition(const ChipCondition& condition) {
  Json json{{"correction", condition.correction}};
  if (condition.key) json["key"] = *condition.key;
  if (condition.component) json["component"] = *condition.component;
  if (condition.value) json["value"] = number_or_null(*condition.value);
  if (condition.stage) json["stage"] = *condition.stage;
  json["chips"] = condition.chips;
  json["exact_symbol_rate"] = number_or_null(condition.exact_symbol_rate);
  json["rate_interval"] = interval(condition.rate_interval);
  json["least_rate"] = number_or_null(condition.least_rate);
  json["symbol_error_rate"] = number_or_null(condition.symbol_error_rate);
  json["threshold"] = number_or_null(condition.threshold);
  json["yield"] = number_or_null(condition.yield);
  json["yield_interval"] = interval(condition.yield_interval);
  return json;
}

Json summarise_simulation(const SimulationRun& run) {
  Json json{{"name", run.header.name},  {"seed", run.header.seed},    {"program", run.program},
            {"design", run.design},     {"layout", run.layout},       {"cell", run.cell},
            {"hardware", run.hardware}, {"conditions", Json::array()}};
  for (const ChipCondition& condition : run.conditions) json["conditions"].push_back(summarise_condition(condition));
  return json;
}

Json summarise_link_budget(const RunHeader& header, const LinkBudget& budget) {
  const HopBudget* weakest = weakest_hop(budget);
  return {{"name", header.name},
          {"program", budget.program},
          {"hardware", budget.hardware},
          {"least_snr_db", weakest == nullptr ? Json(nullptr) : number_or_null(weakest->snr_db)},
          {"least_snr_hop", weakest == nullptr ? Json(nullptr) : Json(weakest->name)},
          {"heater_power_w", number_or_null(budget.heater_power_w)},
          {"laser_power_w", number_or_null(budget.laser_power_w)}};
}

Json summarise_error_law(const RunHeader& header, const ErrorLaw& law) {
  return {{"name", header.name},
          {"layout", law.layout},
          {"cell", law.cell},
          {"correction", law.correction},
          {"law", law.law ? Json(*law.law) : Json(nullptr)},
          {"constant", number_or_null(law.constant)},
          {"expected", number_or_null(law.expected)}};
}

void say_programs(const std::vector<ProgramRun>& runs, std::vector<std::string>& parts) {
  std::vector<const Program*> programs;
  for (const ProgramRun& run : runs) {
    if (run.program) programs.push_back(&*run.program);
  }
  if (programs.size() == 1) {
    parts.push_back(fmt::format("{} MZIs placed for {}", with_commas(programs[0]->placed_mzi), programs[0]->design));
  } else if (programs.size() > 1) {
    parts.push_back(fmt::format("{} mesh programs", programs.size()));
  }
}

void say_link_budgets(const std::vector<LinkBudgetRun>& runs, std::vector<std::string>& parts) {
  for (const LinkBudgetRun& run : runs) {
    const HopBudget* weakest = run.budget ? weakest_hop(*run.budget) : nullptr;
    if (weakest == nullptr) continue;
    parts.push_back(fmt::format("least SNR {}\u00a0dB (hop {}, {} on {})", format_number(weakest->snr_db, 1),
                                weakest->name, run.budget->program, run.budget->hardware));
  }
}

void say_error_laws(const std::vector<ErrorLawRun>& runs, std::vector<std::string>& parts) {
  std::vector<std::string> constants;
  for (const ErrorLawRun& run : runs) {
    for (const ErrorLaw& law : run.laws) {
      if (!law.law || !std::isfinite(law.constant) || !std::isfinite(law.expected)) continue;
      constants.push_back(fmt::format("{} of {}", format_number(law.constant, 2), format_number(law.expected, 2)));
    }
  }
  if (!constants.empty()) parts.push_back(fmt::format("error law constants {} expected", fmt::join(constants, ", ")));
}

}  // namespace

void summarise_light(const LightRuns& light, Json& summary) {
  for (const char* key : {"programs", "simulations", "link_budgets", "error_laws"}) summary[key] = Json::array();
  for (const ProgramRun& run : light.programs) {
    if (run.program) summary["programs"].push_back(summarise_program(run.header, *run.program));
  }
  for (const SimulationRun& run : light.simulations) summary["simulations"].push_back(summarise_simulation(run));
  for (const LinkBudgetRun& run : light.link_budgets) {
    if (run.budget) summary["link_budgets"].push_back(summarise_link_budget(run.header, *run.budget));
  }
  for (const ErrorLawRun& run : light.error_laws) {
    for (const ErrorLaw& law : run.laws) summary["error_laws"].push_back(summarise_error_law(run.header, law));
  }
}

void say_simulations(const std::vector<SimulationRun>& runs, std::vector<std::string>& parts) {
  std::uint64_t chips = 0;
  double least = std::numeric_limits<double>::infinity(), most = -least;
  for (const SimulationRun& run : runs) {
    for (const ChipCondition& condition : run.conditions) {
      chips += condition.chips;
      least = std::min(least, condition.exact_symbol_rate);
      most = std::max(most, condition.exact_symbol_rate);
    }
  }
  if (!std::isfinite(least)) return;
  const std::string rates =
      least == most ? format_share(least) : fmt::format("{} to {}", format_share(least), format_share(most));
  parts.push_back(
      fmt::format("{} of the inputs exact on {} simulated chip{}", rates, with_commas(chips), chips == 1 ? "" : "s"));
}

void say_light(const LightRuns& light, std::vector<std::string>& parts) {
  say_programs(light.programs, parts);
  say_simulations(light.simulations, parts);
  say_link_budgets(light.link_budgets, parts);
  say_error_laws(light.error_laws, parts);
}

const HopBudget* weakest_hop(const LinkBudget& budget) {
  const HopBudget* weakest = nullptr;
  for (const HopBudget& hop : budget.hops) {
    if (std::isfinite(hop.snr_db) && (weakest == nullptr || hop.snr_db < weakest->snr_db)) weakest = &hop;
  }
  return weakest;
}

}  // namespace optinc::report
