#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "optinc/report/chart.h"
#include "optinc/report/html.h"
#include "optinc/report/sections_training.h"
#include "optinc/report/training_words.h"
#include "optinc/report/variants.h"

namespace optinc::report {
namespace {

using base::Json;
using base::number_or_null;

/// Differences are labelled with their sign.
const Json& signed_axis() {
  static const Json axis{{"labelExpr", "datum.value === 0 ? '0' : format(datum.value, '+~g')"}};
  return axis;
}

Json zero_line(const char* channel) {
  return {{"mark", {{"type", "rule"}, {"strokeDash", {3, 3}}, {"color", "var(--muted)"}}},
          {"encoding", {{channel, {{"datum", 0}}}}}};
}

// --- all variants beside each other ----------------------------------------------------------------------------------

Json variants_chart(const Experiment& experiment, Metric metric) {
  Json seeds = Json::array();
  Json means = Json::array();
  Json intervals = Json::array();
  for (const Comparison& comparison : experiment.comparisons) {
    for (const SeedPair& pair : comparison.pairs) {
      seeds.push_back({{"variant", comparison.variant}, {"difference", number_or_null(pair.difference(metric))}});
    }
    const Estimate difference = comparison.difference(metric);
    means.push_back({{"variant", comparison.variant}, {"difference", number_or_null(difference.mean)}});
    if (!difference.interval) continue;
    intervals.push_back({{"variant", comparison.variant},
                         {"difference", difference.interval->low},
                         {"high", difference.interval->high}});
  }
  const MetricWords words = metric_words(metric, experiment.data);
  std::vector<std::string> names;
  for (const Comparison& comparison : experiment.comparisons) names.push_back(comparison.variant);
  const VariantRows rows = variant_rows(names);
  const Json x = quantity("difference", "difference, " + words.difference_unit, {}, signed_axis());
  Json colour = colour_by_variant(experiment);
  colour["legend"] = nullptr;
  const Json encoding{{"y", rows.y}, {"x", x}, {"color", colour}};
  Json with_end = encoding;
  with_end["x2"] = {{"field", "high"}};
  Json layers = {zero_line("x")};
  if (!intervals.empty()) {
    layers.push_back({{"data", {{"values", intervals}}},
                      {"mark", {{"type", "rule"}, {"strokeWidth", 7}, {"opacity", 0.3}}},
                      {"encoding", with_end}});
  }
  layers.push_back({{"data", {{"values", seeds}}},
                    {"mark", {{"type", "point"}, {"filled", false}, {"strokeWidth", 1.5}, {"size", 45}}},
                    {"encoding", encoding}});
  layers.push_back({{"data", {{"values", means}}},
                    {"mark", {{"type", "tick"}, {"thickness", 2.5}, {"size", 20}}},
                    {"encoding", encoding}});
  return {{"height", rows.height}, {"data", {{"values", seeds}}}, {"layer", layers}};
}

std::string verdict(const Estimate& difference) {
  if (!difference.interval) return difference.count == 1 ? "one seed: no interval" : "not finite";
  return difference.interval->contains(0) ? "contains zero" : "does not contain zero";
}

Table variants_table(const Experiment& experiment, Metric metric) {
  const MetricWords words = metric_words(metric, experiment.data);
  Table table({{"variant", false},
               {"seeds"},
               {reduce_name(experiment.baseline)},
               {"variant"},
               {"paired difference"},
               {"95 % interval"},
               {"the interval", false}});
  for (const Comparison& comparison : experiment.comparisons) {
    const Estimate difference = comparison.difference(metric);
    std::string paired = format_difference(difference.mean, words.decimals);
    if (difference.count > 1) {
      paired += fmt::format("\u00a0±\u00a0{}", format_number(difference.standard_deviation, words.decimals));
    }
    table.add_row({comparison.variant, std::to_string(comparison.pairs.size()),
                   mean_text(comparison.of_baseline(metric), words.decimals),
                   mean_text(comparison.of_other(metric), words.decimals), paired,
                   interval_text(difference, words.decimals), verdict(difference)});
  }
  return table;
}

// --- one variant -----------------------------------------------------------------------------------------------------

/// At every step at which both of a pair were validated.
Json difference_values(const Comparison& comparison, Metric metric) {
  Json values = Json::array();
  for (const SeedPair& pair : comparison.pairs) {
    for (const Validation& baseline : pair.baseline->validations) {
      for (const Validation& other : pair.other->validations) {
        if (baseline.step != other.step) continue;
        values.push_back({{"seed", fmt::format("seed {}", pair.seed)},
                          {"step", baseline.step},
                          {"difference", number_or_null(other.value(metric) - baseline.value(metric))}});
      }
    }
  }
  return values;
}

Json difference_chart(const Comparison& comparison, Metric metric, const MetricWords& words) {
  std::vector<std::string> seeds;
  for (const SeedPair& pair : comparison.pairs) {
    const std::string name = fmt::format("seed {}", pair.seed);
    if (std::ranges::find(seeds, name) == seeds.end()) seeds.push_back(name);
  }
  const Json x = quantity("step", "step");
  const Json y = quantity("difference", "difference, " + words.difference_unit, {}, signed_axis());
  Json mean = y;
  mean["aggregate"] = "mean";
  Json chart{{"height", 240},
             {"data", {{"values", difference_values(comparison, metric)}}},
             {"layer",
              {zero_line("y"),
               {{"mark", {{"type", "line"}, {"strokeWidth", 1.6}, {"point", {{"filled", true}, {"size", 45}}}}},
                {"encoding", {{"x", x}, {"y", y}, {"color", colour_by("seed", seeds)}}}}}}};
  if (seeds.size() > 1) {
    chart["layer"].push_back(
        {{"mark", {{"type", "line"}, {"strokeWidth", 5}, {"opacity", 0.3}, {"color", "var(--ink)"}}},
         {"encoding", {{"x", x}, {"y", mean}}}});
  }
  return chart;
}

Table seeds_table(const Experiment& experiment, const Comparison& comparison) {
  const std::string baseline = reduce_name(experiment.baseline);
  std::vector<Column> columns = {{"seed", false}, {"at step"}};
  std::vector<std::string> mean = {"mean", ""};
  std::vector<std::string> deviation = {"standard deviation", ""};
  std::vector<std::string> interval = {"95 % interval", ""};
  std::vector<std::vector<std::string>> rows;
  for (const SeedPair& pair : comparison.pairs) rows.push_back({std::to_string(pair.seed), with_commas(pair.step)});
  for (const Metric metric : experiment.metrics()) {
    const MetricWords words = metric_words(metric, experiment.data);
    columns.push_back({fmt::format("{}, {}: {}", words.name, words.unit, baseline)});
    columns.push_back({comparison.variant});
    columns.push_back({"difference, " + words.difference_unit});
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const SeedPair& pair = comparison.pairs[i];
      rows[i].push_back(format_number(pair.of_baseline.value(metric), words.decimals));
      rows[i].push_back(format_number(pair.of_other.value(metric), words.decimals));
      rows[i].push_back(format_difference(pair.difference(metric), words.decimals));
    }
    const Estimate difference = comparison.difference(metric);
    for (const Estimate& value : {comparison.of_baseline(metric), comparison.of_other(metric)}) {
      mean.push_back(format_number(value.mean, words.decimals));
      deviation.push_back(format_number(value.standard_deviation, words.decimals));
      interval.emplace_back();
    }
    mean.push_back(format_difference(difference.mean, words.decimals));
    deviation.push_back(format_number(difference.standard_deviation, words.decimals));
    interval.push_back(interval_text(difference, words.decimals));
  }
  Table table(std::move(columns));
  for (const std::vector<std::string>& row : rows) table.add_row(row);
  if (rows.size() < 2) return table;
  table.add_total(mean);
  table.add_total(deviation);
  table.add_total(interval);
  return table;
}

std::string better_side(Metric metric, const std::string& baseline, const std::string& variant) {
  const bool less_is_better = metric == Metric::loss;
  return fmt::format("Above the dashed line {} is better, below it {} is.", less_is_better ? baseline : variant,
                     less_is_better ? variant : baseline);
}

}  // namespace

void add_training_comparisons(Page& page, const Experiment& experiment) {
  if (experiment.comparisons.empty()) return;
  const Metric headline = experiment.headline();
  const std::string baseline = reduce_name(experiment.baseline);
  const MetricWords words = metric_words(headline, experiment.data);
  page.add_chart(
      variants_chart(experiment, headline), fmt::format("{}: difference to {}", capitalised(words.name), baseline),
      Source::measured,
      "Circles: pairs of runs with the same seed, at the last step that both reached. Upright strokes: their "
      "mean. Bars: its 95 % interval by Student’s t; a single pair has none. On the dashed line there is no "
      "difference.");
  for (const Metric metric : experiment.metrics()) {
    const MetricWords of_metric = metric_words(metric, experiment.data);
    page.add_table(variants_table(experiment, metric),
                   fmt::format("Against {}: {}, {}", baseline, of_metric.name, of_metric.unit), {Source::measured});
  }
  page.add_text(
      "Means over seeds ± their sample standard deviation. The interval is that of the mean paired difference, by "
      "Student’s t with one degree of freedom less than there are seeds: one that contains zero shows no difference at "
      "this number of seeds, which is not to say that there is none.");
  page.open_row();
  for (const Comparison& comparison : experiment.comparisons) {
    page.add_chart(difference_chart(comparison, headline, words),
                   fmt::format("{}: {} minus {}", capitalised(words.name), comparison.variant, baseline),
                   Source::measured,
                   fmt::format("Each line is a pair of runs with the same seed. {}{}",
                               escape_html(better_side(headline, baseline, comparison.variant)),
                               comparison.pairs.size() > 1 ? " Broad and grey: the mean." : ""));
  }
  page.close_row();
  for (const Comparison& comparison : experiment.comparisons) {
    page.add_table(seeds_table(experiment, comparison), fmt::format("Seed by seed: {}", comparison.variant),
                   {Source::measured});
  }
}

}  // namespace optinc::report
