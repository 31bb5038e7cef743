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

std::string decimal(double value, int decimals) {
  return std::isfinite(value) ? format_number(value, decimals) : "–";
}

/// The power at a detector that is as strong as its noise; NaN without noise.
double noise_dbm(const HopBudget& hop) {
  return hop.received_dbm - hop.snr_db;
}

constexpr const char* kAbove = "largest signal above the noise";
constexpr const char* kBelow = "largest signal below the noise";

Json hops_chart(const std::vector<HopBudget>& hops) {
  Json values = Json::array();
  for (const HopBudget& hop : hops) {
    values.push_back(
        {{"hop", hop.name},
         {"sent", number_or_null(hop.emission_dbm)},
         {"received", number_or_null(hop.received_dbm)},
         {"noise", number_or_null(noise_dbm(hop))},
         {"kind", hop.snr_db < 0 ? kBelow : kAbove},
         {"label", std::isfinite(hop.snr_db) ? fmt::format("SNR {} dB", format_number(hop.snr_db, 1)) : "no noise"}});
  }
  const Json power = quantity("sent", "power of a lane, dBm", {{"zero", false}, {"nice", true}, {"padding", 14}});
  const auto at = [](const char* field) { return Json{{"field", field}, {"type", "quantitative"}}; };
  Json layers = {{{"mark", {{"type", "bar"}, {"width", {{"band", 0.36}}}}},
                  {"encoding",
                   {{"y", power},
                    {"y2", {{"field", "received"}}},
                    {"color", colour_by("kind", {kAbove, kBelow}, {"var(--ring)", "var(--optinc)"}, "square")}}}},
                 {{"mark", {{"type", "text"}, {"baseline", "top"}, {"dy", 5}}},
                  {"encoding", {{"y", at("received")}, {"text", {{"field", "label"}}}}}}};
  if (std::ranges::any_of(hops, [](const HopBudget& hop) { return std::isfinite(noise_dbm(hop)); })) {
    layers.push_back(
        {{"mark", {{"type", "tick"}, {"thickness", 2}, {"color", "var(--ink)"}, {"width", {{"band", 0.62}}}}},
         {"encoding", {{"y", at("noise")}}}});
  }
  return {
      {"height", 300},
      {"data", {{"values", values}}},
      {"encoding",
       {{"x",
         {{"field", "hop"}, {"type", "nominal"}, {"sort", nullptr}, {"title", "hop"}, {"axis", {{"labelAngle", 0}}}}}}},
      {"layer", layers}};
}

Json losses_chart(const std::vector<StageBudget>& stages) {
  const std::vector<std::string> kinds = {"meshes", "splitters and crossings", "reference light"};
  Json values = Json::array();
  for (const StageBudget& stage : stages) {
    const double losses[] = {stage.mesh_loss_db, stage.network_loss_db, stage.bias_loss_db};
    for (std::size_t i = 0; i < kinds.size(); ++i) {
      values.push_back(
          {{"stage", "stage " + stage.name}, {"kind", kinds[i]}, {"order", i}, {"loss", number_or_null(losses[i])}});
    }
  }
  return {{"height", 28 * stages.size()},
          {"data", {{"values", values}}},
          {"mark", {{"type", "bar"}}},
          {"encoding",
           {{"y", {{"field", "stage"}, {"type", "nominal"}, {"sort", nullptr}, {"title", nullptr}}},
            {"x", quantity("loss", "loss, dB")},
            {"order", {{"field", "order"}, {"type", "quantitative"}}},
            {"color", colour_by("kind", kinds, {"var(--series-1)", "var(--series-2)", "var(--series-3)"}, "square")}}}};
}

Table stages_table(const LinkBudget& budget) {
  Table table({{"stage", false},
               {"size"},
               {"MZIs, paper’s count"},
               {"MZIs placed"},
               {"gain, dB"},
               {"meshes, dB"},
               {"splitters and crossings, dB"},
               {"reference light, dB"},
               {"heaters, W"}});
  std::uint64_t area = 0, placed = 0;
  for (const StageBudget& stage : budget.stages) {
    table.add_row({stage.name, fmt::format("{} × {}", stage.outputs, stage.inputs), with_commas(stage.area_mzi),
                   with_commas(stage.placed_mzi), decimal(stage.gain_db, 2), decimal(stage.mesh_loss_db, 2),
                   decimal(stage.network_loss_db, 2), decimal(stage.bias_loss_db, 2),
                   decimal(stage.heater_power_w, 2)});
    area += stage.area_mzi;
    placed += stage.placed_mzi;
  }
  table.add_total(
      {"total", "", with_commas(area), with_commas(placed), "", "", "", "", decimal(budget.heater_power_w, 1)});
  return table;
}

Table hops_table(const LinkBudget& budget) {
  Table table({{"hop, stages", false},
               {"lanes"},
               {"detectors"},
               {"sent, dBm"},
               {"received, dBm"},
               {"largest output, levels"},
               {"noise, levels"},
               {"SNR, dB"},
               {"lasers, W"}});
  for (const HopBudget& hop : budget.hops) {
    table.add_row({hop.name, with_commas(hop.lanes), with_commas(hop.detectors), decimal(hop.emission_dbm, 2),
                   decimal(hop.received_dbm, 2), decimal(hop.largest_output, 2),
                   std::isfinite(hop.noise_levels) ? fmt::format("{:.3g}", hop.noise_levels) : "–",
                   decimal(hop.snr_db, 2), decimal(hop.laser_power_w, 2)});
  }
  table.add_total({"total", "", "", "", "", "", "", "", decimal(budget.laser_power_w, 1)});
  return table;
}

void add_budget(Page& page, const LinkBudget& budget, const std::string& name) {
  page.add_heading(fmt::format("Link budget: {} on {} hardware{}", budget.program, budget.hardware,
                               name.empty() ? "" : ", " + name));
  page.add_chart(hops_chart(budget.hops), "Power along the hops", Source::modelled,
                 "A hop leads from a transmitter to the next detectors. Top of a bar: what a lane sends at full scale. "
                 "Bottom: the largest output, at its detector. Line across: light as strong as the detector’s noise.");
  page.add_chart(losses_chart(budget.stages), "What a stage loses", Source::modelled,
                 "A stage’s gain, in the table, is lost as well: its meshes can’t amplify.");
  page.add_table(stages_table(budget), "Stages", {Source::counted, Source::modelled});
  page.add_table(hops_table(budget), "Hops", {Source::modelled});
}

}  // namespace

void add_link_budgets(Page& page, const std::vector<LinkBudgetRun>& runs) {
  const bool is_alone =
      std::ranges::count_if(runs, [](const LinkBudgetRun& run) { return run.budget.has_value(); }) == 1;
  for (const LinkBudgetRun& run : runs) {
    if (run.budget) add_budget(page, *run.budget, is_alone ? "" : run.header.name);
  }
}

}  // namespace optinc::report
