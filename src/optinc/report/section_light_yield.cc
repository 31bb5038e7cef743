#include <algorithm>
#include <cmath>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "optinc/report/chart.h"
#include "optinc/report/html.h"
#include "optinc/report/sections_light.h"

namespace optinc::report {
namespace {

using base::Json;

/// A condition with the curve that it is a point of.
struct Point {
  const SimulationRun* run = nullptr;
  const ChipCondition* condition = nullptr;
  std::string curve;
};

/// Of one swept key; without a key, of all plain conditions.
struct Sweep {
  std::optional<std::string> key;
  std::vector<Point> points;
};

bool is_about_a_part(const ChipCondition& condition) {
  return condition.component || condition.stage;
}

/// A plain condition among single imperfections and stages is their sum, and drawn with them.
bool is_left_to_sensitivity(const SimulationRun& run, const ChipCondition& condition) {
  return is_about_a_part(condition) || (!condition.key && std::ranges::any_of(run.conditions, is_about_a_part));
}

void name_curves(Sweep& sweep) {
  std::vector<const SimulationRun*> runs;
  for (const Point& point : sweep.points) {
    if (std::ranges::find(runs, point.run) == runs.end()) runs.push_back(point.run);
  }
  const std::vector<std::string> names = tell_apart(runs);
  for (Point& point : sweep.points) {
    const std::string& name = names[std::ranges::find(runs, point.run) - runs.begin()];
    point.curve = "correction " + point.condition->correction + (name.empty() ? "" : ", " + name);
  }
}

std::vector<Sweep> sweeps_of(const std::vector<SimulationRun>& runs) {
  std::vector<Sweep> sweeps;
  for (const SimulationRun& run : runs) {
    for (const ChipCondition& condition : run.conditions) {
      if (is_left_to_sensitivity(run, condition)) continue;
      auto sweep = std::ranges::find(sweeps, condition.key, &Sweep::key);
      if (sweep == sweeps.end()) sweep = sweeps.insert(sweeps.end(), {.key = condition.key});
      sweep->points.push_back({&run, &condition});
    }
  }
  for (Sweep& sweep : sweeps) name_curves(sweep);
  return sweeps;
}

std::vector<std::string> curves_of(const Sweep& sweep) {
  std::vector<std::string> curves;
  for (const Point& point : sweep.points) {
    if (std::ranges::find(curves, point.curve) == curves.end()) curves.push_back(point.curve);
  }
  return curves;
}

/// The swept values are the ticks. 0 has no place on a logarithmic axis; with it, the axis is logarithmic down to the
/// least value.
Json value_axis(const Sweep& sweep) {
  constexpr std::size_t kMostTicks = 12;
  std::set<double> values;
  for (const Point& point : sweep.points) {
    if (std::isfinite(*point.condition->value)) values.insert(*point.condition->value);
  }
  Json scale{{"type", "log"}, {"nice", false}};
  if (values.empty() || *values.begin() <= 0) {
    const auto least = values.upper_bound(0);
    scale = {{"type", "symlog"}, {"nice", false}, {"constant", least == values.end() ? 1 : *least}};
  }
  Json axis{{"format", "~g"}};
  if (!values.empty() && values.size() <= kMostTicks) axis["values"] = values;
  return quantity("value", *sweep.key, scale, axis);
}

/// `y` over the swept value with its interval: a line and a band a curve.
Json sweep_chart(const Sweep& sweep, const std::string& title, double ChipCondition::*y,
                 Interval ChipCondition::*interval) {
  Json values = Json::array();
  for (const Point& point : sweep.points) {
    const ChipCondition& condition = *point.condition;
    values.push_back({{"curve", point.curve},
                      {"value", drawn(*condition.value)},
                      {"y", drawn(condition.*y)},
                      {"low", drawn((condition.*interval).low)},
                      {"high", drawn((condition.*interval).high)}});
  }
  const Json axis{{"format", "~%"}};
  const Json scale{{"zero", false}};
  const Json low = quantity("low", title, scale, axis);
  const Json high{{"field", "high"}};
  return {
      {"height", 280},
      {"data", {{"values", values}}},
      {"encoding", {{"x", value_axis(sweep)}, {"color", colour_by("curve", curves_of(sweep))}}},
      {"layer",
       {{{"mark", {{"type", "area"}, {"opacity", 0.14}}}, {"encoding", {{"y", low}, {"y2", high}}}},
        {{"mark", {{"type", "rule"}, {"strokeWidth", 1}, {"opacity", 0.6}}}, {"encoding", {{"y", low}, {"y2", high}}}},
        {{"mark", {{"type", "line"}, {"strokeWidth", 1.8}, {"point", {{"filled", true}, {"size", 45}}}}},
         {"encoding", {{"y", quantity("y", title, scale, axis)}}}}}}};
}

std::string interval_text(const Interval& interval) {
  return fmt::format("{} to {}", format_share(interval.low), format_share(interval.high));
}

Table conditions_table(const Sweep& sweep) {
  Table table({{sweep.key ? "curve" : "chips of", false},
               {sweep.key ? *sweep.key : "hardware", sweep.key.has_value()},
               {"chips"},
               {"every symbol right"},
               {"95 % of the mean"},
               {"worst chip"},
               {"median chip"},
               {"symbols wrong"},
               {"threshold"},
               {"yield"},
               {"95 %"}});
  for (const Point& point : sweep.points) {
    const ChipCondition& condition = *point.condition;
    table.add_row({sweep.key ? point.curve : point.run->program + ", " + point.curve,
                   sweep.key ? fmt::format("{:g}", *condition.value) : point.run->hardware,
                   format_count(condition.chips), format_share(condition.exact_symbol_rate),
                   interval_text(condition.rate_interval), format_share(condition.least_rate),
                   format_share(condition.median_rate), format_share(condition.symbol_error_rate),
                   format_share(condition.threshold), format_share(condition.yield),
                   interval_text(condition.yield_interval)});
  }
  return table;
}

std::string threshold_text(const Sweep& sweep) {
  std::set<double> thresholds;
  for (const Point& point : sweep.points) thresholds.insert(point.condition->threshold);
  return thresholds.size() == 1 ? fmt::format("at least {}", format_share(*thresholds.begin())) : "their threshold";
}

void add_sweep(Page& page, const Sweep& sweep) {
  page.open_row();
  page.add_chart(sweep_chart(sweep, "inputs", &ChipCondition::exact_symbol_rate, &ChipCondition::rate_interval),
                 "Inputs whose every symbol is right", Source::modelled,
                 "Mean over the chips; band: 95 % interval of that mean (bootstrap over chips). Logarithmic axis.");
  page.add_chart(sweep_chart(sweep, "chips", &ChipCondition::yield, &ChipCondition::yield_interval),
                 fmt::format("Yield: chips that reach {}", threshold_text(sweep)), Source::modelled,
                 "Band: 95 % interval (Wilson), broad where chips are few.");
  page.close_row();
}

}  // namespace

void add_yield(Page& page, const std::vector<SimulationRun>& runs) {
  for (const SimulationRun& run : runs) {
    if (!run.conditions.empty() || run.chips == 0) continue;
    page.add_text(fmt::format("<strong>{}</strong>: not finished, {} chips so far.", escape_html(run.header.name),
                              format_count(run.chips)));
  }
  for (const Sweep& sweep : sweeps_of(runs)) {
    page.add_heading(sweep.key ? fmt::format("Yield over {}", *sweep.key) : std::string("Yield"));
    if (sweep.key) add_sweep(page, sweep);
    page.add_table(conditions_table(sweep), "Chips", {Source::modelled});
  }
}

}  // namespace optinc::report
