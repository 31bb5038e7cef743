#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "optinc/report/chart.h"
#include "optinc/report/html.h"
#include "optinc/report/sections_light.h"

namespace optinc::report {
namespace {

using base::Json;
using base::number_or_null;

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
    point.curve = correction_name(point.condition->correction) + (name.empty() ? "" : ", " + name);
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

Json colour_of_curves(const std::vector<std::string>& curves) {
  constexpr std::size_t kLongestInColumns = 26;  // characters
  Json colour = colour_by("curve", curves);
  const bool is_long = std::ranges::any_of(curves, [](const auto& curve) { return curve.size() > kLongestInColumns; });
  if (is_long && !colour["legend"].is_null()) colour["legend"]["columns"] = 1;
  return colour;
}

/// Curves on top of each other are told apart by their dashes, in the same legend as their colours.
Json dash_of_curves(const std::vector<std::string>& curves) {
  const Json dashes = {{1, 0}, {7, 4}, {2, 3}, {12, 4}, {7, 3, 2, 3}, {4, 2}};
  Json range = Json::array();
  for (std::size_t i = 0; i < curves.size(); ++i) range.push_back(dashes[i % dashes.size()]);
  Json dash = colour_of_curves(curves);
  dash["scale"]["range"] = range;
  return dash;
}

/// `y` over the swept value with its interval: a line and a band a curve.
Json sweep_chart(const Sweep& sweep, const std::string& title, double ChipCondition::*y,
                 Interval ChipCondition::*interval) {
  Json values = Json::array();
  for (const Point& point : sweep.points) {
    const ChipCondition& condition = *point.condition;
    values.push_back({{"curve", point.curve},
                      {"value", number_or_null(*condition.value)},
                      {"y", number_or_null(condition.*y)},
                      {"low", number_or_null((condition.*interval).low)},
                      {"high", number_or_null((condition.*interval).high)}});
  }
  const std::vector<std::string> curves = curves_of(sweep);
  const Json axis{{"format", "~%"}};
  const Json scale{{"zero", false}};
  const Json low = quantity("low", title, scale, axis);
  const Json high{{"field", "high"}};
  return {
      {"height", 280},
      {"data", {{"values", values}}},
      {"encoding", {{"x", value_axis(sweep)}, {"color", colour_of_curves(curves)}}},
      {"layer",
       {{{"mark", {{"type", "area"}, {"opacity", 0.14}}}, {"encoding", {{"y", low}, {"y2", high}}}},
        {{"mark", {{"type", "rule"}, {"strokeWidth", 1}, {"opacity", 0.6}}}, {"encoding", {{"y", low}, {"y2", high}}}},
        {{"mark", {{"type", "line"}, {"strokeWidth", 1.8}, {"point", {{"filled", true}, {"size", 45}}}}},
         {"encoding", {{"y", quantity("y", title, scale, axis)}, {"strokeDash", dash_of_curves(curves)}}}}}}};
}

std::string interval_text(const Interval& interval) {
  return fmt::format("{} – {}", format_share(interval.low), format_share(interval.high));
}

/// The one threshold of all points; NaN where they differ.
double common_threshold(const Sweep& sweep) {
  const double first = sweep.points.front().condition->threshold;
  const bool is_common =
      std::ranges::all_of(sweep.points, [&](const Point& point) { return point.condition->threshold == first; });
  return is_common ? first : std::numeric_limits<double>::quiet_NaN();
}

std::string percent(double share) {
  return fmt::format("{:g}\u00a0%", 100 * share);
}

Table conditions_table(const Sweep& sweep) {
  const double threshold = common_threshold(sweep);
  Table table({{sweep.key ? "curve" : "chips of", false},
               {sweep.key ? "swept value" : "hardware", sweep.key.has_value()},
               {"chips"},
               {"every symbol right"},
               {"95 % interval"},
               {"worst chip"},
               {"symbols wrong"},
               {std::isfinite(threshold) ? "yield at " + percent(threshold) : "yield"},
               {"95 % interval"}});
  for (const Point& point : sweep.points) {
    const ChipCondition& condition = *point.condition;
    const std::string at = std::isfinite(threshold) ? "" : " at " + percent(condition.threshold);
    table.add_row({sweep.key ? point.curve : point.run->program + ", " + point.curve,
                   sweep.key ? fmt::format("{:g}", *condition.value) : point.run->hardware,
                   with_commas(condition.chips), format_share(condition.exact_symbol_rate),
                   interval_text(condition.rate_interval), format_share(condition.least_rate),
                   format_share(condition.symbol_error_rate), format_share(condition.yield) + at,
                   interval_text(condition.yield_interval)});
  }
  return table;
}

void add_sweep(Page& page, const Sweep& sweep) {
  const double threshold = common_threshold(sweep);
  page.open_row();
  page.add_chart(sweep_chart(sweep, "inputs", &ChipCondition::exact_symbol_rate, &ChipCondition::rate_interval),
                 "Inputs whose every symbol is right", Source::modelled,
                 "Mean over the chips; band: 95 % interval of that mean (bootstrap over chips). Logarithmic axis.");
  page.add_chart(sweep_chart(sweep, "chips", &ChipCondition::yield, &ChipCondition::yield_interval),
                 std::isfinite(threshold)
                     ? fmt::format("Yield: chips right on at least {} of the inputs", percent(threshold))
                     : "Yield: chips that reach their threshold",
                 Source::modelled, "Band: 95 % interval (Wilson), broad where chips are few.");
  page.close_row();
}

}  // namespace

void add_yield(Page& page, const std::vector<SimulationRun>& runs) {
  for (const SimulationRun& run : runs) {
    if (!run.conditions.empty() || run.chips == 0) continue;
    page.add_text(fmt::format("<strong>{}</strong>: not finished, {} chips so far.", escape_html(run.header.name),
                              with_commas(run.chips)));
  }
  for (const Sweep& sweep : sweeps_of(runs)) {
    page.add_heading(sweep.key ? fmt::format("Yield over {}", *sweep.key) : std::string("Yield"));
    if (sweep.key) add_sweep(page, sweep);
    page.add_table(conditions_table(sweep), "Chips", {Source::modelled});
  }
}

}  // namespace optinc::report
