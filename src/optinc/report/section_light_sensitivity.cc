#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "optinc/report/chart.h"
#include "optinc/report/html.h"
#include "optinc/report/sections_light.h"

namespace optinc::report {
namespace {

using base::Json;
using base::number_or_null;

double loss(const ChipCondition& condition) {
  return 1 - condition.exact_symbol_rate;
}

std::string part_name(const ChipCondition& condition) {
  if (condition.component) return *condition.component;
  return condition.stage ? "stage " + *condition.stage : "all together";
}

std::string label(const ChipCondition& condition) {
  const std::string share = format_share(loss(condition));
  return condition.component ? fmt::format("{} at {:g}", share, *condition.value) : share;
}

Json loss_chart(const std::vector<const ChipCondition*>& conditions) {
  Json values = Json::array();
  double largest = 0;
  for (const ChipCondition* condition : conditions) {
    const double high = 1 - condition->rate_interval.low;
    if (high > largest) largest = high;
    values.push_back({{"part", part_name(*condition)},
                      {"kind", condition->component || condition->stage ? "alone" : "all together"},
                      {"loss", number_or_null(loss(*condition))},
                      {"low", number_or_null(1 - condition->rate_interval.high)},
                      {"high", number_or_null(high)},
                      {"label", label(*condition)}});
  }
  Json colour = colour_by("kind", {"alone", "all together"}, {"var(--optinc)", "var(--baseline)"}, "square");
  colour["legend"] = nullptr;
  Json axis{{"format", "~%"}};
  if (largest > 0.8) axis["values"] = {0, 0.25, 0.5, 0.75, 1};  // the room for labels ends beyond 100 %
  return {
      {"height", 28 * conditions.size()},
      {"data", {{"values", values}}},
      {"encoding", {{"y", {{"field", "part"}, {"type", "nominal"}, {"sort", nullptr}, {"title", nullptr}}}}},
      {"layer",
       {{{"mark", {{"type", "bar"}}},
         {"encoding",
          {{"x", quantity("loss", "inputs with a wrong symbol", room_for_labels(largest), axis)}, {"color", colour}}}},
        {{"mark", {{"type", "rule"}, {"strokeWidth", 1.5}, {"color", "var(--ink)"}}},
         {"encoding", {{"x", {{"field", "low"}, {"type", "quantitative"}}}, {"x2", {{"field", "high"}}}}}},
        {{"mark", {{"type", "text"}, {"align", "left"}, {"dx", 6}}},
         {"encoding", {{"x", {{"field", "high"}, {"type", "quantitative"}}}, {"text", {{"field", "label"}}}}}}}}};
}

/// The worst first; what isn't finite last.
void sort_by_loss(std::vector<const ChipCondition*>& conditions) {
  std::ranges::stable_sort(conditions, std::greater{}, [](const ChipCondition* condition) {
    return std::isfinite(loss(*condition)) ? loss(*condition) : -1;
  });
}

std::vector<std::string> corrections_of(const SimulationRun& run) {
  std::vector<std::string> corrections;
  for (const ChipCondition& condition : run.conditions) {
    if (!condition.component && !condition.stage) continue;
    if (std::ranges::find(corrections, condition.correction) == corrections.end()) {
      corrections.push_back(condition.correction);
    }
  }
  return corrections;
}

void add_correction(Page& page, const SimulationRun& run, const std::string& correction) {
  std::vector<const ChipCondition*> components, stages;
  const ChipCondition* together = nullptr;
  for (const ChipCondition& condition : run.conditions) {
    if (condition.correction != correction) continue;
    if (condition.component) components.push_back(&condition);
    if (condition.stage) stages.push_back(&condition);
    if (!condition.component && !condition.stage && !condition.key) together = &condition;
  }
  const auto add = [&](std::vector<const ChipCondition*> conditions, std::string_view what, std::string_view caption) {
    if (conditions.empty()) return;
    sort_by_loss(conditions);
    if (together != nullptr) conditions.insert(conditions.begin(), together);
    page.add_chart(loss_chart(conditions), fmt::format("{}, {}", what, correction_name(correction)), Source::modelled,
                   caption);
  };
  add(components, "Each imperfection alone",
      "Inputs that have a wrong symbol when the part has this imperfection and no other. Thin line: 95 % interval.");
  add(stages, "Each stage alone", "The same when one stage has all the imperfections and the others are ideal.");
}

}  // namespace

void add_sensitivity(Page& page, const std::vector<SimulationRun>& runs) {
  std::vector<const SimulationRun*> shown;
  for (const SimulationRun& run : runs) {
    if (!corrections_of(run).empty()) shown.push_back(&run);
  }
  for (const SimulationRun* run : shown) {
    page.add_heading(fmt::format("Sensitivity: {} ({}) on {} hardware{}", run->program,
                                 mesh_kind(run->layout, run->cell), run->hardware,
                                 shown.size() == 1 ? "" : ", " + run->header.name));
    for (const std::string& correction : corrections_of(*run)) add_correction(page, *run, correction);
  }
}

}  // namespace optinc::report
