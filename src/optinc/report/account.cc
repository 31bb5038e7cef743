#include "optinc/report/account.h"

namespace optinc::report {
namespace {

/// The results of a variant's runs for which `counts` holds, the number of steps being above 0.
template <typename Counts>
std::vector<const TrainResult*> results_of(const VariantRuns& variant, Counts counts) {
  std::vector<const TrainResult*> results;
  for (const TrainRun* run : variant.runs) {
    if (run->result && run->result->steps > 0 && counts(*run->result)) results.push_back(&*run->result);
  }
  return results;
}

template <typename Value>
double mean(const std::vector<const TrainResult*>& results, Value value) {
  std::vector<double> values;
  for (const TrainResult* result : results) values.push_back(value(*result));
  return estimate(values).mean;
}

/// The mean over runs of milliseconds a step, of what `seconds` gives for all steps.
template <typename Seconds>
double mean_ms(const std::vector<const TrainResult*>& results, Seconds seconds) {
  return mean(results,
              [&](const TrainResult& result) { return 1000 * seconds(result) / static_cast<double>(result.steps); });
}

}  // namespace

std::vector<StepAccount> step_accounts(const Experiment& experiment) {
  std::vector<StepAccount> accounts;
  for (const VariantRuns& variant : runs_by_variant(experiment)) {
    const auto results = results_of(variant, [](const TrainResult& result) {
      return result.compute_seconds && result.wait_seconds && result.apply_seconds;
    });
    if (results.empty()) continue;
    accounts.push_back(
        {.variant = variant.variant,
         .runs = results.size(),
         .compute_ms = mean_ms(results, [](const TrainResult& result) { return *result.compute_seconds; }),
         .wait_ms = mean_ms(results, [](const TrainResult& result) { return *result.wait_seconds; }),
         .quantise_ms = mean_ms(results, [](const TrainResult& result) { return result.quantise_seconds; }),
         .emulate_ms = mean_ms(results, [](const TrainResult& result) { return result.emulate_seconds; }),
         .move_ms = mean_ms(results,
                            [](const TrainResult& result) {
                              return result.reduce_seconds - result.quantise_seconds - result.emulate_seconds;
                            }),
         .apply_ms = mean_ms(results, [](const TrainResult& result) { return *result.apply_seconds; })});
  }
  return accounts;
}

std::vector<ModelledStep> modelled_steps(const Experiment& experiment) {
  std::vector<ModelledStep> steps;
  for (const VariantRuns& variant : runs_by_variant(experiment)) {
    const auto results = results_of(variant, [](const TrainResult& result) { return result.modelled.has_value(); });
    if (results.empty()) continue;
    steps.push_back({.variant = variant.variant,
                     .line_rate_gbps = results.front()->modelled->line_rate_gbps,
                     .round_latency_s = results.front()->modelled->round_latency_s,
                     .optinc_ms = mean_ms(results, [](const TrainResult& r) { return r.modelled->optinc_seconds; }),
                     .ring_ms = mean_ms(results, [](const TrainResult& r) { return r.modelled->ring_seconds; })});
  }
  return steps;
}

std::vector<WireFactor> wire_factors(const Experiment& experiment) {
  std::vector<WireFactor> factors;
  for (const VariantRuns& variant : runs_by_variant(experiment)) {
    const auto results = results_of(variant, [](const TrainResult& result) { return result.payload_bytes > 0; });
    if (results.empty()) continue;
    factors.push_back({variant.variant, mean(results, [](const TrainResult& result) {
                         return result.wire_bytes / result.payload_bytes;
                       })});
  }
  return factors;
}

}  // namespace optinc::report
