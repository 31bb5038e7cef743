#include "optinc/report/summary.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "optinc/base/version.h"
#include "optinc/report/html.h"
#include "optinc/report/light_summary.h"
#include "optinc/report/training_summary.h"

namespace optinc::report {
namespace {

using base::Json;
using base::number_or_null;

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

Json summarise_training_reproduction(const TrainingReproduction& row) {
  return {{"figure", row.figure},
          {"experiment", row.experiment},
          {"variant", row.variant},
          {"metric", row.metric},
          {"paper_difference", number_or_null(row.paper_difference)},
          {"seeds", row.seeds},
          {"mean", number_or_null(row.mean)},
          {"pairs", row.pairs},
          {"difference", number_or_null(row.difference)},
          {"interval_low", number_or_null(row.interval_low)},
          {"interval_high", number_or_null(row.interval_high)}};
}

void say_verified(const std::vector<DesignRun>& designs, std::vector<std::string>& parts) {
  if (designs.empty()) return;
  const auto is_verified = [](const DesignRun& run) { return run.verification.has_value(); };
  if (std::ranges::none_of(designs, is_verified)) {
    parts.emplace_back("no design verified yet");
  } else if (designs.size() == 1) {
    const Verification& verification = *designs.front().verification;
    parts.push_back(fmt::format("{} of {} inputs right", with_commas(verification.inputs - verification.wrong),
                                with_commas(verification.inputs)));
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
    parts.push_back(fmt::format("{} of {} MZIs ({})", with_commas(area.mzis), with_commas(area.dense_mzis),
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

/// The smallest design of one device that noise of 60 dB leaves right.
void say_front(const std::vector<NoiseRow>& rows, std::vector<std::string>& parts) {
  constexpr double kNoise = 1e-3, kRight = 0.9999;
  const NoiseRow* smallest = nullptr;
  for (const NoiseRow& row : rows) {
    if (row.bits != rows.front().bits || row.servers != rows.front().servers) continue;
    const bool bears = std::ranges::any_of(
        row.rates, [](const NoiseRate& rate) { return rate.sigma == kNoise && rate.rate >= kRight; });
    if (bears && (smallest == nullptr || row.mzis < smallest->mzis)) smallest = &row;
  }
  if (smallest == nullptr) return;
  parts.push_back(fmt::format("an ONN of {} MZIs bears relative noise of {:g}", with_commas(smallest->mzis), kNoise));
}

void say_searches(const std::vector<SearchRun>& searches, std::vector<std::string>& parts) {
  for (const SearchRun& run : searches) {
    if (run.front.empty()) continue;
    const auto [least, most] = std::ranges::minmax(run.front, {}, &SearchedDesign::mzis);
    parts.push_back(fmt::format("a search over {} found {} designs of {} to {} MZIs that none beats", run.over,
                                with_commas(run.front.size()), with_commas(least.mzis), with_commas(most.mzis)));
  }
}

}  // namespace

Json summarise(const Runs& runs, const std::vector<Experiment>& experiments) {
  Json json{{"format", "optinc-report-summary/2"},
            {"version", base::kVersion},
            {"sentence", summary_sentence(runs, experiments)},
            {"designs", Json::array()},
            {"experiments", Json::array()},
            {"reproductions", Json::array()},
            {"training_reproductions", Json::array()}};
  for (const Reproduction& row : runs.reproductions) json["reproductions"].push_back(summarise_reproduction(row));
  for (const TrainingReproduction& row : runs.training_reproductions) {
    json["training_reproductions"].push_back(summarise_training_reproduction(row));
  }
  for (const DesignRun& run : runs.designs) json["designs"].push_back(summarise_design(run));
  for (const Experiment& experiment : experiments) json["experiments"].push_back(summarise_experiment(experiment));
  summarise_light(runs.light, json);
  if (!runs.front.rows.empty()) json["front"] = summarise_front(runs.front);
  if (!runs.searches.empty()) json["searches"] = summarise_searches(runs.searches);
  if (!runs.scale.empty()) json["scale"] = summarise_scale(runs.scale);
  return json;
}

std::string summary_sentence(const Runs& runs, const std::vector<Experiment>& experiments) {
  std::vector<std::string> parts;
  say_reproduced(runs.reproductions, parts);
  if (runs.reproductions.empty()) {
    say_verified(runs.designs, parts);
    say_area(runs.designs, parts);
  }
  say_experiments(experiments, parts);
  if (runs.reproductions.empty()) {
    say_light(runs.light, parts);
  } else {
    say_simulations(runs.light.simulations, parts);  // on a page of everything the rest is for its sections
  }
  say_front(runs.front.rows, parts);
  say_searches(runs.searches, parts);
  if (!runs.scale.empty()) parts.emplace_back("costs at scale are modelled");
  if (parts.empty()) return "Nothing has come out yet.";
  return capitalised(fmt::format("{}.", fmt::join(parts, "; ")));
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
