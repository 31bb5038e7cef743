#include <algorithm>
#include <cmath>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "optinc/report/chart.h"
#include "optinc/report/curves.h"
#include "optinc/report/html.h"
#include "optinc/report/sections.h"
#include "optinc/report/summary.h"

namespace optinc::report {
namespace {

using base::Json;

constexpr std::size_t kMostPoints = 800;
constexpr const char* kNats = "loss, nats per token";

// Ring, the baseline, keeps its colour and is drawn broad and pale under the others: where curves agree, both are seen.
std::vector<std::string> variant_colours(const Experiment& experiment) {
  std::vector<std::string> colours;
  std::size_t other = 0;
  for (const std::string& variant : experiment.variants) {
    const bool is_ring = variant.starts_with("ring");
    colours.push_back(is_ring && colours.empty() ? "var(--ring)"
                      : other == 0               ? "var(--optinc)"
                                                 : series_colour(other + 1));
    if (!is_ring || colours.size() > 1) ++other;
  }
  return colours;
}

Json colour_by_variant(const Experiment& experiment) {
  return colour_by("variant", experiment.variants, variant_colours(experiment));
}

struct CurveValues {
  Json steps = Json::array();
  Json validations = Json::array();
  std::size_t width = 1;   ///< of the smoothing
  std::size_t stride = 1;  ///< every so many steps are drawn
};

CurveValues curve_values(const SeedGroup& group) {
  CurveValues curves;
  for (const Member& member : group.members) {
    const std::vector<Step>& steps = member.run->steps;
    std::vector<double> losses;
    for (const Step& step : steps) losses.push_back(step.loss);
    const std::size_t width = smoothing_width(losses.size());
    const std::vector<double> smoothed = smooth(losses, width);
    const char* role = member.run->reduce == "ring" ? "ring" : "other";
    const std::vector<std::size_t> places = thin(steps.size(), kMostPoints);
    for (const std::size_t i : places) {
      curves.steps.push_back({{"variant", member.variant},
                              {"role", role},
                              {"step", steps[i].step},
                              {"loss", drawn(losses[i])},
                              {"smoothed", drawn(smoothed[i])}});
    }
    curves.width = std::max(curves.width, width);
    if (places.size() > 1) curves.stride = std::max(curves.stride, places[1] - places[0]);
    for (const ValidationLoss& validation : member.run->validations) {
      curves.validations.push_back(
          {{"variant", member.variant}, {"role", role}, {"step", validation.step}, {"loss", drawn(validation.loss)}});
    }
  }
  return curves;
}

// A channel with one value for ring and one for all others.
Json by_role(const std::string& type, const Json& ring, const Json& other) {
  return {{"field", "role"},
          {"type", type},
          {"legend", nullptr},
          {"scale", {{"domain", {"ring", "other"}}, {"range", {ring, other}}}}};
}

Json seed_chart(const Experiment& experiment, const CurveValues& curves) {
  const auto loss_axis = [](const char* field) { return quantity(field, kNats, {{"zero", false}}); };
  return {
      {"height", 280},
      {"data", {{"values", curves.steps}}},
      {"encoding", {{"x", quantity("step", "step")}, {"color", colour_by_variant(experiment)}}},
      {"layer",
       {{{"mark", {{"type", "line"}, {"strokeWidth", 1}, {"opacity", 0.18}}}, {"encoding", {{"y", loss_axis("loss")}}}},
        {{"mark", {{"type", "line"}}},
         {"encoding",
          {{"y", loss_axis("smoothed")},
           {"strokeWidth", by_role("ordinal", 4.5, 1.6)},
           {"strokeOpacity", by_role("ordinal", 0.8, 1)}}}},
        {{"data", {{"values", curves.validations}}},
         {"mark", {{"type", "point"}, {"filled", false}, {"strokeWidth", 1.8}, {"opacity", 1}}},
         {"encoding",
          {{"y", loss_axis("loss")},
           {"shape", by_role("nominal", "circle", "diamond")},
           {"size", by_role("ordinal", 130, 40)}}}}}}};
}

// Validation loss minus ring's of the same seed, at every step where both have one.
Json difference_values(const Comparison& comparison) {
  Json values = Json::array();
  for (const SeedPair& pair : comparison.pairs) {
    for (const ValidationLoss& ring : pair.ring->validations) {
      for (const ValidationLoss& other : pair.other->validations) {
        if (ring.step != other.step) continue;
        values.push_back({{"seed", fmt::format("seed {}", pair.seed)},
                          {"step", ring.step},
                          {"difference", drawn(other.loss - ring.loss)}});
      }
    }
  }
  return values;
}

Json difference_chart(const Comparison& comparison) {
  std::vector<std::string> seeds;
  for (const SeedPair& pair : comparison.pairs) {
    const std::string name = fmt::format("seed {}", pair.seed);
    if (std::ranges::find(seeds, name) == seeds.end()) seeds.push_back(name);
  }
  const Json x = quantity("step", "step");
  const Json axis{{"labelExpr", "datum.value === 0 ? '0' : format(datum.value, '+~g')"}};
  const Json y = quantity("difference", "difference, nats per token", {}, axis);
  Json mean = y;
  mean["aggregate"] = "mean";
  Json chart{{"height", 240},
             {"data", {{"values", difference_values(comparison)}}},
             {"layer",
              {{{"mark", {{"type", "rule"}, {"strokeDash", {3, 3}}, {"color", "var(--muted)"}}},
                {"encoding", {{"y", {{"datum", 0}}}}}},
               {{"mark", {{"type", "line"}, {"strokeWidth", 1.6}, {"point", {{"filled", true}, {"size", 45}}}}},
                {"encoding", {{"x", x}, {"y", y}, {"color", colour_by("seed", seeds)}}}}}}};
  if (seeds.size() > 1) {
    chart["layer"].push_back(
        {{"mark", {{"type", "line"}, {"strokeWidth", 5}, {"opacity", 0.3}, {"color", "var(--ink)"}}},
         {"encoding", {{"x", x}, {"y", mean}}}});
  }
  return chart;
}

Table difference_table(const Comparison& comparison) {
  constexpr int kDecimals = 4;
  Table table({{"seed", false}, {"at step"}, {"ring"}, {comparison.variant}, {"difference"}});
  std::vector<double> ring;
  std::vector<double> other;
  for (const SeedPair& pair : comparison.pairs) {
    table.add_row({std::to_string(pair.seed), format_count(pair.step), format_number(pair.ring_loss, kDecimals),
                   format_number(pair.other_loss, kDecimals), format_difference(pair.difference(), kDecimals)});
    ring.push_back(pair.ring_loss);
    other.push_back(pair.other_loss);
  }
  if (comparison.pairs.size() < 2) return table;
  const Spread difference = comparison.difference();
  table.add_total({"mean", "", format_number(spread(ring).mean, kDecimals),
                   format_number(spread(other).mean, kDecimals), format_difference(difference.mean, kDecimals)});
  table.add_total({"standard deviation", "", format_number(spread(ring).standard_deviation, kDecimals),
                   format_number(spread(other).standard_deviation, kDecimals),
                   format_number(difference.standard_deviation, kDecimals)});
  return table;
}

Table time_table(const Experiment& experiment) {
  Table table({{"run", false},
               {"reduction", false},
               {"seed"},
               {"transport", false},
               {"steps"},
               {"time"},
               {"per step"},
               {"in all-reduce"},
               {"blocks not finite"}});
  for (const SeedGroup& group : experiment.seeds) {
    for (const Member& member : group.members) {
      const TrainRun& run = *member.run;
      const std::uint64_t steps = run.steps.empty() ? 0 : run.steps.back().step;
      const double seconds = run.result ? run.result->seconds : run.steps.empty() ? 0 : run.steps.back().seconds;
      std::uint64_t non_finite = 0;
      for (const Step& step : run.steps) non_finite += step.non_finite_blocks;
      const std::string reduce = run.result
                                     ? fmt::format("{} ({})", format_seconds(run.result->reduce_seconds),
                                                   format_share(run.result->reduce_seconds / run.result->seconds))
                                     : "–";
      table.add_row({run.header.name, member.variant, std::to_string(group.seed), run.transport,
                     format_count(steps) + (run.result ? "" : " (not finished)"), format_seconds(seconds),
                     steps == 0 ? "–" : fmt::format("{:.0f}\u00a0ms", 1000 * seconds / static_cast<double>(steps)),
                     reduce, format_count(non_finite)});
    }
  }
  return table;
}

Table bytes_table(const Experiment& experiment) {
  Table table({{"run", false},
               {"reduction", false},
               {"seed"},
               {"payload (a worker’s gradients)"},
               {"one port sends"},
               {"per byte of payload"}});
  for (const SeedGroup& group : experiment.seeds) {
    for (const Member& member : group.members) {
      if (!member.run->result) continue;
      const TrainResult& result = *member.run->result;
      table.add_row({member.run->header.name, member.variant, std::to_string(group.seed),
                     format_bytes(result.payload_bytes), format_bytes(result.wire_bytes),
                     format_factor(result.wire_bytes / result.payload_bytes)});
    }
  }
  return table;
}

Json bytes_chart(const Experiment& experiment) {
  Json values = Json::array();
  for (const WireFactor& wire : wire_factors(experiment)) {
    values.push_back({{"variant", wire.variant}, {"factor", wire.factor}, {"label", format_factor(wire.factor)}});
  }
  double largest = 0;
  for (const Json& value : values) largest = std::max(largest, value["factor"].get<double>());
  Json colour = colour_by_variant(experiment);
  colour["legend"] = nullptr;
  return {{"height", 36 * values.size()},
          {"data", {{"values", values}}},
          {"encoding",
           {{"y", {{"field", "variant"}, {"type", "nominal"}, {"sort", nullptr}, {"title", nullptr}}},
            {"x", quantity("factor", "bytes sent per byte of payload", room_for_labels(largest))}}},
          {"layer",
           {{{"mark", {{"type", "bar"}}}, {"encoding", {{"color", colour}}}},
            {{"mark", {{"type", "text"}, {"align", "left"}, {"dx", 5}, {"fontWeight", 600}}},
             {"encoding", {{"text", {{"field", "label"}}}}}}}}};
}

void add_curves(Page& page, const Experiment& experiment) {
  page.open_row();
  for (const SeedGroup& group : experiment.seeds) {
    const CurveValues curves = curve_values(group);
    if (curves.steps.empty()) continue;
    std::string caption =
        curves.width == 1 ? std::string("Lines: training loss of each step")
                          : fmt::format("Lines: training loss, mean of {} steps; faint: single steps", curves.width);
    if (curves.stride > 1) caption += fmt::format(" (every {}th)", curves.stride);
    caption += ". Circles and diamonds: validation loss.";
    page.add_chart(seed_chart(experiment, curves), fmt::format("Loss, seed {}", group.seed), Source::measured, caption);
  }
  page.close_row();
}

void add_comparison(Page& page, const Comparison& comparison) {
  page.add_chart(
      difference_chart(comparison), fmt::format("Validation loss: {} minus ring", comparison.variant), Source::measured,
      fmt::format("Each line is a pair of runs with the same seed: same model, same data, same order. Above the "
                  "dashed line ring is better, below it {} is.{}",
                  escape_html(comparison.variant), comparison.pairs.size() > 1 ? " Broad and grey: the mean." : ""));
  page.add_table(difference_table(comparison), "Paired difference in validation loss, nats per token",
                 {Source::measured});
}

void add_experiment(Page& page, const Experiment& experiment) {
  page.add_text(fmt::format("{} workers; {} parameters; trained on {} tokens, validated on {}.", experiment.workers,
                            format_count(experiment.parameters), format_count(experiment.train_tokens),
                            format_count(experiment.validation_tokens)));
  add_curves(page, experiment);
  for (const Comparison& comparison : experiment.comparisons) add_comparison(page, comparison);
  page.add_table(time_table(experiment), "Time", {Source::measured});
  page.add_text(
      "All times are those of this machine, which simulates the interconnect: they say nothing about the speed of the "
      "hardware itself.");
  if (wire_factors(experiment).empty()) return;
  page.add_chart(
      bytes_chart(experiment), "Bytes one port sends for each byte of gradients", Source::modelled,
      "Ring sends every byte 2(N − 1)/N times. With OptINC a port sends its quantised gradients once, and the "
      "scale of each block.");
  page.add_table(bytes_table(experiment), "Bytes", {Source::modelled});
}

}  // namespace

void add_training_curves(Page& page, const std::vector<Experiment>& experiments) {
  if (experiments.empty()) return;
  page.open_section("training", "Training through the interconnect",
                    "The same model, trained from the same start on the same data: once averaging gradients by ring "
                    "all-reduce in float32, once sending every gradient through OptINC.");
  for (std::size_t i = 0; i < experiments.size(); ++i) {
    if (experiments.size() > 1) page.add_heading(fmt::format("Experiment {}", i + 1));
    add_experiment(page, experiments[i]);
  }
}

}  // namespace optinc::report
