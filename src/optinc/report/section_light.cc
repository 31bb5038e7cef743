#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "optinc/report/html.h"
#include "optinc/report/sections.h"
#include "optinc/report/sections_light.h"

namespace optinc::report {
namespace {

bool has_anything(const LightRuns& light) {
  return std::ranges::any_of(light.programs, [](const ProgramRun& run) { return run.program.has_value(); }) ||
         std::ranges::any_of(light.simulations,
                             [](const SimulationRun& run) { return run.chips > 0 || !run.conditions.empty(); }) ||
         std::ranges::any_of(light.link_budgets, [](const LinkBudgetRun& run) { return run.budget.has_value(); }) ||
         std::ranges::any_of(light.error_laws, [](const ErrorLawRun& run) { return !run.laws.empty(); });
}

}  // namespace

std::vector<std::string> tell_apart(const std::vector<const SimulationRun*>& runs) {
  std::vector<std::string> names(runs.size());
  const auto add_where_they_differ = [&](std::string SimulationRun::*field) {
    const bool same = std::ranges::all_of(runs, [&](const auto* run) { return run->*field == runs.front()->*field; });
    if (same) return;
    for (std::size_t i = 0; i < runs.size(); ++i) names[i] += (names[i].empty() ? "" : ", ") + runs[i]->*field;
  };
  add_where_they_differ(&SimulationRun::program);
  add_where_they_differ(&SimulationRun::cell);
  add_where_they_differ(&SimulationRun::layout);
  add_where_they_differ(&SimulationRun::hardware);
  if (std::set<std::string>(names.begin(), names.end()).size() == names.size()) return names;
  for (std::size_t i = 0; i < runs.size(); ++i) names[i] += (names[i].empty() ? "" : ", ") + runs[i]->header.name;
  return names;
}

void add_light(Page& page, const LightRuns& light) {
  if (!has_anything(light)) return;
  page.open_section("light", "Light",
                    "The design as meshes of interferometers: the phases that make its matrices, how often chips with "
                    "imperfect parts are still exact, and what light is left at the detectors.");
  add_meshes(page, light.programs);
  add_yield(page, light.simulations);
  add_sensitivity(page, light.simulations);
  add_link_budgets(page, light.link_budgets);
  add_error_laws(page, light.error_laws);
}

}  // namespace optinc::report
