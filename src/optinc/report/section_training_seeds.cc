#include <algorithm>

#include <fmt/format.h>

#include "optinc/report/chart.h"
#include "optinc/report/curves.h"
#include "optinc/report/sections_training.h"
#include "optinc/report/training_words.h"

namespace optinc::report {
namespace {

using base::Json;
using base::number_or_null;

// Points of a chart, shared out over its runs, so that a page of many variants stays small; and at least so many a run.
constexpr std::size_t kMostPoints = 2400;
constexpr std::size_t kFewestPoints = 200;

const char* role_of(const Member& member, const Experiment& experiment) {
  return member.run->reduce == experiment.baseline ? "baseline" : "other";
}

struct CurveValues {
  Json steps = Json::array();
  Json validations = Json::array();
  std::size_t width = 1;   ///< of the smoothing
  std::size_t stride = 1;  ///< every so many steps are drawn
};

CurveValues curve_values(const SeedGroup& group, const Experiment& experiment) {
  CurveValues curves;
  const std::size_t most_points = std::clamp(kMostPoints / group.members.size(), kFewestPoints, std::size_t{800});
  for (const Member& member : group.members) {
    const std::vector<Step>& steps = member.run->steps;
    std::vector<double> losses;
    for (const Step& step : steps) losses.push_back(step.loss);
    const std::size_t width = smoothing_width(losses.size());
    const std::vector<double> smoothed = smooth(losses, width);
    const char* role = role_of(member, experiment);
    const std::vector<std::size_t> places = thin(steps.size(), most_points);
    for (const std::size_t i : places) {
      curves.steps.push_back({{"variant", member.variant},
                              {"role", role},
                              {"step", steps[i].step},
                              {"loss", number_or_null(losses[i])},
                              {"smoothed", number_or_null(smoothed[i])}});
    }
    curves.width = std::max(curves.width, width);
    if (places.size() > 1) curves.stride = std::max(curves.stride, places[1] - places[0]);
    for (const Validation& validation : member.run->validations) {
      Json value{{"variant", member.variant},
                 {"role", role},
                 {"step", validation.step},
                 {"loss", number_or_null(validation.loss)}};
      if (experiment.data.has_images()) value["top1"] = number_or_null(validation.value(Metric::top1));
      curves.validations.push_back(std::move(value));
    }
  }
  return curves;
}

// A channel with one value for the baseline and one for all others: drawn broad and pale under them, the baseline is
// seen where curves agree.
Json by_role(const std::string& type, const Json& baseline, const Json& other) {
  return {{"field", "role"},
          {"type", type},
          {"legend", nullptr},
          {"scale", {{"domain", {"baseline", "other"}}, {"range", {baseline, other}}}}};
}

Json points_of(const Json& y) {
  return {{"mark", {{"type", "point"}, {"filled", false}, {"strokeWidth", 1.8}, {"opacity", 1}}},
          {"encoding",
           {{"y", y}, {"shape", by_role("nominal", "circle", "diamond")}, {"size", by_role("ordinal", 130, 40)}}}};
}

Json loss_chart(const Experiment& experiment, const CurveValues& curves) {
  const std::string title = "loss, " + metric_words(Metric::loss, experiment.data).unit;
  const auto loss_axis = [&](const char* field) { return quantity(field, title, {{"zero", false}}); };
  Json layers = {
      {{"mark", {{"type", "line"}, {"strokeWidth", 1}, {"opacity", 0.18}}}, {"encoding", {{"y", loss_axis("loss")}}}},
      {{"mark", {{"type", "line"}}},
       {"encoding",
        {{"y", loss_axis("smoothed")},
         {"strokeWidth", by_role("ordinal", 4.5, 1.6)},
         {"strokeOpacity", by_role("ordinal", 0.8, 1)}}}}};
  // A layer without values would have no extent.
  if (!curves.validations.empty()) {
    layers.push_back(points_of(loss_axis("loss")));
    layers.back()["data"] = {{"values", curves.validations}};
  }
  return {{"height", 280},
          {"data", {{"values", curves.steps}}},
          {"encoding", {{"x", quantity("step", "step")}, {"color", colour_by_variant(experiment)}}},
          {"layer", layers}};
}

Json top1_chart(const Experiment& experiment, const CurveValues& curves) {
  const Json y = quantity("top1", "top-1 accuracy, %", {{"zero", false}});
  return {
      {"height", 280},
      {"data", {{"values", curves.validations}}},
      {"encoding", {{"x", quantity("step", "step")}, {"color", colour_by_variant(experiment)}}},
      {"layer",
       {{{"mark", {{"type", "line"}}},
         {"encoding",
          {{"y", y}, {"strokeWidth", by_role("ordinal", 4.5, 1.6)}, {"strokeOpacity", by_role("ordinal", 0.8, 1)}}}},
        points_of(y)}}};
}

}  // namespace

Json colour_by_variant(const Experiment& experiment, const std::string& symbol) {
  std::vector<std::string> colours;
  std::size_t other = 0;
  for (const std::string& variant : experiment.variants) {
    const bool is_baseline = colours.empty() && !experiment.baseline.empty() && variant == experiment.variants.front();
    if (is_baseline) {
      colours.emplace_back("var(--ring)");
    } else {
      colours.push_back(other == 0 ? "var(--optinc)" : series_colour(other + 1));
      ++other;
    }
  }
  return colour_by("variant", experiment.variants, colours, symbol);
}

VariantRows variant_rows(const std::vector<std::string>& variants) {
  constexpr std::size_t kLine = 14;
  std::ptrdiff_t commas = 0;
  for (const std::string& variant : variants) commas = std::max(commas, std::ranges::count(variant, ','));
  const std::size_t row = std::max<std::size_t>(36, kLine * static_cast<std::size_t>(commas + 1) + kLine);
  return {.y = {{"field", "variant"},
                {"type", "nominal"},
                {"scale", {{"domain", variants}}},
                {"axis", {{"labelExpr", "split(datum.label, ', ')"}}},
                {"title", nullptr}},
          .height = row * variants.size()};
}

void add_training_seeds(Page& page, const Experiment& experiment) {
  std::vector<std::pair<std::uint64_t, CurveValues>> seeds;
  for (const SeedGroup& group : experiment.seeds) {
    CurveValues curves = curve_values(group, experiment);
    if (!curves.steps.empty() || !curves.validations.empty()) seeds.emplace_back(group.seed, std::move(curves));
  }
  page.open_row();
  for (const auto& [seed, curves] : seeds) {
    std::string caption =
        curves.width == 1 ? std::string("Lines: training loss of each step")
                          : fmt::format("Lines: training loss, mean of {} steps; faint: single steps", curves.width);
    if (curves.stride > 1) caption += fmt::format(" (one in {} drawn)", curves.stride);
    caption += ". Circles and diamonds: validation loss.";
    page.add_chart(loss_chart(experiment, curves), fmt::format("Loss, seed {}", seed), Source::measured, caption);
  }
  page.close_row();
  if (!experiment.data.has_images()) return;
  page.open_row();
  for (const auto& [seed, curves] : seeds) {
    if (curves.validations.empty()) continue;
    page.add_chart(top1_chart(experiment, curves), fmt::format("Top-1 accuracy, seed {}", seed), Source::measured,
                   "Validation images classified right.");
  }
  page.close_row();
}

}  // namespace optinc::report
