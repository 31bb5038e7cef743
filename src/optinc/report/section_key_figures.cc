#include <fmt/format.h>

#include "optinc/report/account.h"
#include "optinc/report/html.h"
#include "optinc/report/light_summary.h"
#include "optinc/report/sections.h"
#include "optinc/report/summary.h"
#include "optinc/report/training_words.h"
#include "optinc/report/variants.h"

namespace optinc::report {
namespace {

void add_design_figures(Page& page, const std::vector<DesignRun>& designs) {
  std::uint64_t inputs = 0;
  std::uint64_t wrong = 0;
  for (const DesignRun& run : designs) {
    if (!run.verification) continue;
    inputs += run.verification->inputs;
    wrong += run.verification->wrong;
  }
  if (inputs > 0) {
    page.add_key_figure(with_commas(wrong), fmt::format("wrong inputs of {}", with_commas(inputs)), Source::measured);
  }
  const std::vector<SharedArea> areas = shared_areas(designs);
  if (!areas.empty()) {
    const Area& area = *areas.front().area;
    page.add_key_figure(format_share(area.ratio),
                        fmt::format("of the MZIs: {} of {}", with_commas(area.mzis), with_commas(area.dense_mzis)),
                        Source::counted);
  }
}

void add_training_figures(Page& page, const Experiment& experiment) {
  const Metric metric = experiment.headline();
  const MetricWords words = metric_words(metric, experiment.data);
  for (const Comparison& comparison : experiment.comparisons) {
    const Estimate difference = comparison.difference(metric);
    const std::size_t seeds = comparison.pairs.size();
    page.add_key_figure(
        format_difference(difference.mean, words.decimals),
        fmt::format("{}: {}, {} minus {}; {}", words.difference_unit, words.name, comparison.variant,
                    reduce_name(experiment.baseline),
                    seeds == 1 ? "one seed: no interval"
                               : fmt::format("{} seeds, {}", seeds, interval_words(difference, words.decimals))),
        Source::measured);
  }
  constexpr std::size_t kMostFactors = 4;  // with more variants the section's chart says it better
  const std::vector<WireFactor> wires = wire_factors(experiment);
  if (wires.size() > kMostFactors) return;
  for (const WireFactor& wire : wires) {
    page.add_key_figure(format_factor(wire.factor), fmt::format("of its payload a port sends, {}", wire.variant),
                        Source::modelled);
  }
}

/// Of a subject with a single run: several are told apart in the section.
void add_light_figures(Page& page, const LightRuns& light) {
  if (light.programs.size() == 1 && light.programs[0].program) {
    const Program& program = *light.programs[0].program;
    page.add_key_figure(with_commas(program.placed_mzi), fmt::format("MZIs placed for {}", program.design),
                        Source::counted);
  }
  if (light.simulations.size() == 1 && light.simulations[0].conditions.size() == 1) {
    const SimulationRun& run = light.simulations[0];
    const ChipCondition& condition = run.conditions[0];
    page.add_key_figure(format_share(condition.exact_symbol_rate),
                        fmt::format("of the inputs exact on {} ({} chip{})", run.hardware, with_commas(condition.chips),
                                    condition.chips == 1 ? "" : "s"),
                        Source::modelled);
  }
  if (light.link_budgets.size() != 1 || !light.link_budgets[0].budget) return;
  const LinkBudget& budget = *light.link_budgets[0].budget;
  if (const HopBudget* weakest = weakest_hop(budget)) {
    page.add_key_figure(format_number(weakest->snr_db, 1) + "\u00a0dB",
                        fmt::format("least SNR at a detector, hop {} on {}", weakest->name, budget.hardware),
                        Source::modelled);
  }
  page.add_key_figure(format_number(budget.heater_power_w + budget.laser_power_w, 1) + "\u00a0W",
                      "heaters and lasers (electrical)", Source::modelled);
}

}  // namespace

void add_key_figures(Page& page, const Runs& runs, const std::vector<Experiment>& experiments) {
  add_design_figures(page, runs.designs);
  // Several experiments are told apart in their section: figures without that would mislead here.
  if (experiments.size() == 1) add_training_figures(page, experiments.front());
  add_light_figures(page, runs.light);
}

}  // namespace optinc::report
