#include "optinc/report/summary.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "optinc/base/version.h"
#include "optinc/report/html.h"
#include "optinc/report/light_summary.h"

namespace optinc::report {
namespace {

using base::Json;

// JSON has no NaN: null says that there is no number.
Json number_or_null(double value) {
  return std::isfinite(value) ? Json(value) : Json(nullptr);
}

Json summarise_design(const DesignRun& run) {
  Json json{{"name", run.header.name}, {"seed", run.header.seed}, {"epochs", run.epochs.size()}};
  json["seconds"] = run.result ? number_or_null(run.result->seconds) : Json(nullptr);
  json["inputs"] = run.inputs;
  json["checked"] = run.verification ? Json(run.verification->inputs) : Json(nullptr);
  json["wrong"] = run.verification ? Json(run.verification->wrong) : Json(nullptr);
  json["largest_analog_error"] =
      run.verification ? number_or_null(run.verification->largest_analog_error) : Json(nullptr);
  json["mzis"] = run.area ? Json(run.area->mzis) : Json(nullptr);
  json["dense_mzis"] = run.area ? Json(run.area->dense_mzis) : Json(nullptr);
  json["area_ratio"] = run.area ? number_or_null(run.area->ratio) : Json(nullptr);
  json["reference_mzis"] = run.area ? Json(run.area->reference_mzis) : Json(nullptr);
  json["activations"] = run.area ? Json(run.area->activations) : Json(nullptr);
  return json;
}

Json summarise_reproduction(const Reproduction& row) {
  Json json{{"table", row.table}, {"design", row.design}, {"there", row.there}};
  json["paper_accuracy_percent"] = number_or_null(row.paper_accuracy_percent);
  json["paper_area_percent"] = number_or_null(row.paper_area_percent);
  json["paper_additional_mzis_percent"] = number_or_null(row.paper_additional_mzis_percent);
  if (!row.there) return json;
  json["origin"] = row.origin;
  json["inputs"] = row.inputs;
  json["sampled"] = row.sampled;
  json["wrong"] = row.wrong;
  json["area_percent"] = number_or_null(row.area_percent);
  json["additional_mzis_percent"] = number_or_null(row.additional_mzis_percent);
  json["mzis"] = row.mzis;
  return json;
}

Json summarise_training_run(const Member& member) {
  const TrainRun& run = *member.run;
  Json json{{"name", run.header.name},
            {"variant", member.variant},
            {"seed", run.header.seed},
            {"transport", run.transport},
            {"steps", run.steps.empty() ? 0 : run.steps.back().step}};
  json["validation_loss"] = run.validations.empty() ? Json(nullptr) : number_or_null(run.validations.back().loss);
  json["seconds"] = run.result ? number_or_null(run.result->seconds) : Json(nullptr);
  json["reduce_seconds"] = run.result ? number_or_null(run.result->reduce_seconds) : Json(nullptr);
  json["payload_bytes"] = run.result ? number_or_null(run.result->payload_bytes) : Json(nullptr);
  json["wire_bytes"] = run.result ? number_or_null(run.result->wire_bytes) : Json(nullptr);
  return json;
}

Json summarise_comparison(const Comparison& comparison) {
  const Spread difference = comparison.difference();
  Json json{{"variant", comparison.variant},
            {"baseline", "ring"},
            {"mean_difference", number_or_null(difference.mean)},
            {"standard_deviation", number_or_null(difference.standard_deviation)},
            {"pairs", Json::array()}};
  for (const SeedPair& pair : comparison.pairs) {
    json["pairs"].push_back({{"seed", pair.seed},
                             {"step", pair.step},
                             {"ring", number_or_null(pair.ring_loss)},
                             {"other", number_or_null(pair.other_loss)},
                             {"difference", number_or_null(pair.difference())}});
  }
  return json;
}

Json summarise_experiment(const Experiment& experiment) {
  Json json{{"workers", experiment.workers},
            {"parameters", experiment.parameters},
            {"train_tokens", experiment.train_tokens},
            {"validation_tokens", experiment.validation_tokens},
            {"runs", Json::array()},
            {"comparisons", Json::array()},
            {"wire_bytes_per_payload_byte", Json::object()}};
  for (const SeedGroup& group : experiment.seeds) {
    for (const Member& member : group.members) json["runs"].push_back(summarise_training_run(member));
  }
  for (const Comparison& comparison : experiment.comparisons) {
    json["comparisons"].push_back(summarise_comparison(comparison));
  }
  for (const WireFactor& wire : wire_factors(experiment)) {
    json["wire_bytes_per_payload_byte"][wire.variant] = number_or_null(wire.factor);
  }
  return json;
}

void say_verified(const std::vector<DesignRun>& designs, std::vector<std::string>& parts) {
  if (designs.empty()) return;
  const auto is_verified = [](const DesignRun& run) { return run.verification.has_value(); };
  if (std::ranges::none_of(designs, is_verified)) {
    parts.emplace_back("no design verified yet");
  } else if (designs.size() == 1) {
    const Verification& verification = *designs.front().verification;
    parts.push_back(fmt::format("{} of {} inputs right", format_count(verification.inputs - verification.wrong),
                                format_count(verification.inputs)));
  } else {
    const auto is_right = [&](const DesignRun& run) { return is_verified(run) && run.verification->wrong == 0; };
    parts.push_back(
        fmt::format("{} of {} designs right on every input", std::ranges::count_if(designs, is_right), designs.size()));
  }
}

void say_area(const std::vector<DesignRun>& designs, std::vector<std::string>& parts) {
  const std::vector<SharedArea> areas = shared_areas(designs);
  if (areas.size() == 1) {
    const Area& area = *areas.front().area;
    parts.push_back(fmt::format("{} of {} MZIs ({})", format_count(area.mzis), format_count(area.dense_mzis),
                                format_share(area.ratio)));
  } else if (areas.size() > 1) {
    const auto [least, most] =
        std::ranges::minmax(areas, {}, [](const SharedArea& shared) { return shared.area->ratio; });
    parts.push_back(fmt::format("{} to {} of the MZIs of dense layers", format_share(least.area->ratio),
                                format_share(most.area->ratio)));
  }
}

void say_reproduced(const std::vector<Reproduction>& rows, std::vector<std::string>& parts) {
  if (rows.empty()) return;
  const auto is_right = [](const Reproduction& row) { return row.there && row.wrong == 0; };
  parts.push_back(fmt::format("{} of {} designs of the paper's tables without a wrong input",
                              std::ranges::count_if(rows, is_right), rows.size()));
}

void say_validation_loss(const Experiment& experiment, std::vector<std::string>& parts) {
  constexpr int kDecimals = 3;
  for (const Comparison& comparison : experiment.comparisons) {
    std::vector<double> ring;
    std::vector<double> other;
    for (const SeedPair& pair : comparison.pairs) {
      ring.push_back(pair.ring_loss);
      other.push_back(pair.other_loss);
    }
    std::string part = fmt::format(
        "validation loss ring {}, {} {} after {} steps", format_number(spread(ring).mean, kDecimals),
        comparison.variant, format_number(spread(other).mean, kDecimals), format_count(comparison.pairs.front().step));
    if (comparison.pairs.size() > 1) {
      const Spread difference = comparison.difference();
      part += fmt::format(" (means of {} seeds; paired difference {}\u00a0±\u00a0{})", comparison.pairs.size(),
                          format_difference(difference.mean, kDecimals + 1),
                          format_number(difference.standard_deviation, kDecimals + 1));
    }
    parts.push_back(std::move(part));
  }
  if (!experiment.comparisons.empty()) return;
  for (const SeedGroup& group : experiment.seeds) {
    for (const Member& member : group.members) {
      if (member.run->validations.empty()) continue;
      const ValidationLoss& last = member.run->validations.back();
      parts.push_back(fmt::format("validation loss {} {} after {} steps (seed {})", member.variant,
                                  format_number(last.loss, kDecimals), format_count(last.step), group.seed));
    }
  }
}

void say_bytes(const Experiment& experiment, std::vector<std::string>& parts) {
  std::vector<std::string> factors;
  for (const WireFactor& wire : wire_factors(experiment)) {
    factors.push_back(wire.variant + " " + format_factor(wire.factor));
  }
  if (factors.empty()) return;
  parts.push_back(fmt::format("bytes a port sends: {} of the payload", fmt::join(factors, ", ")));
}

}  // namespace

Json summarise(const Runs& runs, const std::vector<Experiment>& experiments) {
  Json json{{"format", "optinc-report-summary/1"},
            {"version", base::kVersion},
            {"sentence", summary_sentence(runs, experiments)},
            {"designs", Json::array()},
            {"experiments", Json::array()},
            {"reproductions", Json::array()}};
  for (const Reproduction& row : runs.reproductions) json["reproductions"].push_back(summarise_reproduction(row));
  for (const DesignRun& run : runs.designs) json["designs"].push_back(summarise_design(run));
  for (const Experiment& experiment : experiments) json["experiments"].push_back(summarise_experiment(experiment));
  summarise_light(runs.light, json);
  return json;
}

std::string summary_sentence(const Runs& runs, const std::vector<Experiment>& experiments) {
  std::vector<std::string> parts;
  say_verified(runs.designs, parts);
  say_area(runs.designs, parts);
  say_reproduced(runs.reproductions, parts);
  for (const Experiment& experiment : experiments) {
    if (experiments.size() > 1) {
      parts.push_back(
          fmt::format("{} workers, {} parameters", experiment.workers, format_count(experiment.parameters)));
    }
    say_validation_loss(experiment, parts);
    say_bytes(experiment, parts);
  }
  say_light(runs.light, parts);
  if (parts.empty()) return "Nothing has come out yet.";
  std::string sentence = fmt::format("{}.", fmt::join(parts, "; "));
  if (sentence[0] >= 'a' && sentence[0] <= 'z') sentence[0] = static_cast<char>(sentence[0] - 'a' + 'A');
  return sentence;
}

std::vector<WireFactor> wire_factors(const Experiment& experiment) {
  std::vector<WireFactor> factors;
  for (const std::string& variant : experiment.variants) {
    std::vector<double> of_runs;
    for (const SeedGroup& group : experiment.seeds) {
      for (const Member& member : group.members) {
        const bool counts = member.variant == variant && member.run->result && member.run->result->payload_bytes > 0;
        if (counts) of_runs.push_back(member.run->result->wire_bytes / member.run->result->payload_bytes);
      }
    }
    if (!of_runs.empty()) factors.push_back({variant, spread(of_runs).mean});
  }
  return factors;
}

std::vector<SharedArea> shared_areas(const std::vector<DesignRun>& designs) {
  std::vector<SharedArea> areas;
  for (const DesignRun& run : designs) {
    if (!run.area) continue;
    const auto same = std::ranges::find_if(areas, [&](const SharedArea& shared) { return *shared.area == *run.area; });
    if (same == areas.end()) {
      areas.push_back({&*run.area, {&run}});
    } else {
      same->runs.push_back(&run);
    }
  }
  return areas;
}

}  // namespace optinc::report
