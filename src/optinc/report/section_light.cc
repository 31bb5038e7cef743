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
  const auto add = [&](const auto& text_of) {
    const bool is_same = std::ranges::all_of(runs, [&](const auto* run) { return text_of(*run) == text_of(*runs[0]); });
    if (is_same) return;
    for (std::size_t i = 0; i < runs.size(); ++i) names[i] += (names[i].empty() ? "" : ", ") + text_of(*runs[i]);
  };
  const auto are_apart = [&] { return std::set<std::string>(names.begin(), names.end()).size() == names.size(); };
  add([](const SimulationRun& run) { return run.design; });
  add([](const SimulationRun& run) { return run.cell; });
  add([](const SimulationRun& run) { return run.hardware; });
  if (!are_apart()) add([](const SimulationRun& run) { return run.layout; });
  if (!are_apart()) add([](const SimulationRun& run) { return run.program; });
  if (!are_apart()) add([](const SimulationRun& run) { return run.header.name; });
  return names;
}

std::string correction_name(const std::string& correction) {
  return correction == "none" ? "uncorrected" : correction == "local" ? "local correction" : correction;
}

std::string mesh_kind(const std::string& layout, const std::string& cell) {
  std::string kind = cell;
  for (char& c : kind) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return fmt::format("{}, {} cells", layout, kind);
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
