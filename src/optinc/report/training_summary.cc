#include "optinc/report/training_summary.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "optinc/report/account.h"
#include "optinc/report/html.h"
#include "optinc/report/training_words.h"
#include "optinc/report/variants.h"

namespace optinc::report {
namespace {

using base::Json;
using base::number_or_null;

constexpr std::size_t kMostInWords = 2;  // variants, the baseline too, that the headline names one by one

Json summarise_run(const Member& member, const TrainData& data) {
  const TrainRun& run = *member.run;
  const Validation* last = run.validations.empty() ? nullptr : &run.validations.back();
  Json json{{"name", run.header.name},
            {"variant", member.variant},
            {"seed", run.header.seed},
            {"transport", run.transport},
            {"steps", run.steps.empty() ? 0 : run.steps.back().step}};
  for (const Metric metric : {Metric::loss, Metric::top1}) {
    if (metric == Metric::top1 && !data.has_images()) continue;
    json[metric_words(metric, data).key] = last != nullptr ? number_or_null(last->value(metric)) : Json(nullptr);
  }
  json["seconds"] = run.result ? number_or_null(run.result->seconds) : Json(nullptr);
  json["reduce_seconds"] = run.result ? number_or_null(run.result->reduce_seconds) : Json(nullptr);
  json["payload_bytes"] = run.result ? number_or_null(run.result->payload_bytes) : Json(nullptr);
  json["wire_bytes"] = run.result ? number_or_null(run.result->wire_bytes) : Json(nullptr);
  return json;
}

Json summarise_estimate(const Estimate& value) {
  return {{"mean", number_or_null(value.mean)}, {"standard_deviation", number_or_null(value.standard_deviation)}};
}

Json summarise_difference(const Estimate& difference) {
  Json json = summarise_estimate(difference);
  json["interval_95"] = nullptr;
  json["contains_zero"] = nullptr;
  if (difference.interval) {
    json["interval_95"] = {difference.interval->low, difference.interval->high};
    json["contains_zero"] = difference.interval->contains(0);
  }
  return json;
}

Json summarise_metric(const Comparison& comparison, Metric metric, const MetricWords& words) {
  Json json{{"metric", words.key},
            {"unit", words.difference_unit},
            {"baseline", summarise_estimate(comparison.of_baseline(metric))},
            {"variant", summarise_estimate(comparison.of_other(metric))},
            {"difference", summarise_difference(comparison.difference(metric))},
            {"pairs", Json::array()}};
  for (const SeedPair& pair : comparison.pairs) {
    json["pairs"].push_back({{"seed", pair.seed},
                             {"step", pair.step},
                             {"baseline", number_or_null(pair.of_baseline.value(metric))},
                             {"variant", number_or_null(pair.of_other.value(metric))},
                             {"difference", number_or_null(pair.difference(metric))}});
  }
  return json;
}

void summarise_data(const TrainData& data, Json& json) {
  if (data.has_images()) {
    json["train_images"] = data.train_images;
    json["validation_images"] = data.validation_images;
    json["classes"] = data.classes;
    json["steps_per_epoch"] = data.steps_per_epoch;
  } else {
    json["train_tokens"] = data.train_tokens;
    json["validation_tokens"] = data.validation_tokens;
  }
}

Json summarise_accounts(const Experiment& experiment) {
  Json accounts = Json::array();
  for (const StepAccount& account : step_accounts(experiment)) {
    accounts.push_back({{"variant", account.variant},
                        {"runs", account.runs},
                        {"compute_ms", number_or_null(account.compute_ms)},
                        {"wait_ms", number_or_null(account.wait_ms)},
                        {"quantise_ms", number_or_null(account.quantise_ms)},
                        {"emulate_ms", number_or_null(account.emulate_ms)},
                        {"move_ms", number_or_null(account.move_ms)},
                        {"apply_ms", number_or_null(account.apply_ms)},
                        {"emulation_share", number_or_null(account.emulation_share())}});
  }
  return accounts;
}

Json summarise_modelled(const Experiment& experiment) {
  Json modelled = Json::array();
  for (const ModelledStep& step : modelled_steps(experiment)) {
    modelled.push_back({{"variant", step.variant},
                        {"line_rate_gbps", number_or_null(step.line_rate_gbps)},
                        {"round_latency_s", number_or_null(step.round_latency_s)},
                        {"optinc_ms", number_or_null(step.optinc_ms)},
                        {"ring_ms", number_or_null(step.ring_ms)}});
  }
  return modelled;
}

/// A name that has commas of its own is set apart.
std::string set_apart(const std::string& variant) {
  return variant.find(',') == std::string::npos ? variant : "“" + variant + "”";
}

/// A value in the headline: one decimal less than in tables for a loss, and the unit of a share.
std::string value_text(double value, Metric metric) {
  return metric == Metric::top1 ? format_number(value, 2) + "\u00a0%" : format_number(value, 3);
}

std::string points(const MetricWords& words, Metric metric) {
  return metric == Metric::top1 ? " " + words.difference_unit : "";
}

std::string comparison_in_words(const Experiment& experiment, const Comparison& comparison) {
  const Metric metric = experiment.headline();
  const MetricWords words = metric_words(metric, experiment.data);
  const Estimate difference = comparison.difference(metric);
  const std::size_t seeds = comparison.pairs.size();
  std::string text =
      fmt::format("{} {} {}, {} {} after {} steps", words.name, reduce_name(experiment.baseline),
                  value_text(comparison.of_baseline(metric).mean, metric), set_apart(comparison.variant),
                  value_text(comparison.of_other(metric).mean, metric), with_commas(comparison.pairs.front().step));
  if (seeds < 2) return text + " (one seed: no interval)";
  return text + fmt::format(" (means of {} seeds; paired difference {}{}, {})", seeds,
                            format_difference(difference.mean, words.decimals), points(words, metric),
                            interval_words(difference, words.decimals));
}

/// Many comparisons: how far they reach.
std::string comparisons_in_words(const Experiment& experiment) {
  const Metric metric = experiment.headline();
  const MetricWords words = metric_words(metric, experiment.data);
  std::vector<double> means;
  std::size_t intervals = 0;
  std::size_t without_zero = 0;
  for (const Comparison& comparison : experiment.comparisons) {
    const Estimate difference = comparison.difference(metric);
    if (std::isfinite(difference.mean)) means.push_back(difference.mean);
    if (!difference.interval) continue;
    ++intervals;
    if (!difference.interval->contains(0)) ++without_zero;
  }
  const Estimate baseline = runs_by_variant(experiment).front().last(metric);
  std::string text = fmt::format("{} {} {}, from which {} {}", words.name, set_apart(experiment.variants.front()),
                                 value_text(baseline.mean, metric), experiment.comparisons.size(),
                                 experiment.comparisons.size() == 1 ? "variant differs" : "variants differ");
  if (means.empty()) return text + " by no finite number";
  const bool all_finished = std::ranges::all_of(experiment.seeds, [](const SeedGroup& group) {
    return std::ranges::all_of(group.members, [](const Member& member) { return member.run->result.has_value(); });
  });
  const auto [least, most] = std::ranges::minmax(means);
  text += fmt::format(" by {} to {} {} (means over seeds{})", format_difference(least, words.decimals),
                      format_difference(most, words.decimals), words.difference_unit,
                      all_finished ? "" : "; not all runs are finished");
  if (intervals == 0) return text + ", one seed each: no intervals";
  return text + fmt::format(", zero being outside {} of {} 95\u00a0% intervals", without_zero, intervals);
}

void say_metric(const Experiment& experiment, std::vector<std::string>& parts) {
  if (experiment.variants.size() > kMostInWords && !experiment.comparisons.empty()) {
    parts.push_back(comparisons_in_words(experiment));
    return;
  }
  for (const Comparison& comparison : experiment.comparisons) {
    parts.push_back(comparison_in_words(experiment, comparison));
  }
  if (!experiment.comparisons.empty()) return;
  const Metric metric = experiment.headline();
  for (const SeedGroup& group : experiment.seeds) {
    for (const Member& member : group.members) {
      if (member.run->validations.empty()) continue;
      const Validation& last = member.run->validations.back();
      parts.push_back(fmt::format("{} {} {} after {} steps (seed {})", metric_words(metric, experiment.data).name,
                                  set_apart(member.variant), value_text(last.value(metric), metric),
                                  with_commas(last.step), group.seed));
    }
  }
}

void say_bytes(const Experiment& experiment, std::vector<std::string>& parts) {
  const std::vector<WireFactor> wires = wire_factors(experiment);
  if (wires.empty()) return;
  if (wires.size() > kMostInWords) {
    const auto [least, most] = std::ranges::minmax(wires, {}, &WireFactor::factor);
    parts.push_back(fmt::format("bytes a port sends: {} to {} of the payload", format_factor(least.factor),
                                format_factor(most.factor)));
    return;
  }
  std::vector<std::string> factors;
  for (const WireFactor& wire : wires) factors.push_back(set_apart(wire.variant) + " " + format_factor(wire.factor));
  parts.push_back(fmt::format("bytes a port sends: {} of the payload", fmt::join(factors, ", ")));
}

}  // namespace

Json summarise_comparison(const Experiment& experiment, const Comparison& comparison) {
  Json json{{"variant", comparison.variant}, {"baseline", experiment.baseline}, {"metrics", Json::array()}};
  for (const Metric metric : experiment.metrics()) {
    json["metrics"].push_back(summarise_metric(comparison, metric, metric_words(metric, experiment.data)));
  }
  return json;
}

Json summarise_experiment(const Experiment& experiment) {
  Json json{{"model", experiment.model}, {"workers", experiment.workers}, {"parameters", experiment.parameters}};
  summarise_data(experiment.data, json);
  json["planned_steps"] = experiment.planned_steps > 0 ? Json(experiment.planned_steps) : Json(nullptr);
  json["runs"] = Json::array();
  json["comparisons"] = Json::array();
  for (const SeedGroup& group : experiment.seeds) {
    for (const Member& member : group.members) json["runs"].push_back(summarise_run(member, experiment.data));
  }
  for (const Comparison& comparison : experiment.comparisons) {
    json["comparisons"].push_back(summarise_comparison(experiment, comparison));
  }
  json["accounts"] = summarise_accounts(experiment);
  json["modelled"] = summarise_modelled(experiment);
  json["wire_bytes_per_payload_byte"] = Json::object();
  for (const WireFactor& wire : wire_factors(experiment)) {
    json["wire_bytes_per_payload_byte"][wire.variant] = number_or_null(wire.factor);
  }
  return json;
}

void say_experiments(const std::vector<Experiment>& experiments, std::vector<std::string>& parts) {
  // What came out of several is for their sections: a headline of all of them would be a page.
  if (experiments.size() > 1) {
    std::vector<std::string> models;
    for (const Experiment& experiment : experiments) {
      models.push_back(
          fmt::format("{} ({} parameters)", model_name(experiment.model), with_commas(experiment.parameters)));
    }
    parts.push_back(fmt::format("trained through the interconnect: {}", fmt::join(models, ", ")));
    return;
  }
  for (const Experiment& experiment : experiments) {
    say_metric(experiment, parts);
    say_bytes(experiment, parts);
  }
}

}  // namespace optinc::report
