#include "optinc/report/experiments.h"

#include <algorithm>
#include <map>
#include <utility>

#include "optinc/report/variants.h"

namespace optinc::report {
namespace {

bool are_comparable(const TrainRun& a, const TrainRun& b) {
  return a.model == b.model && a.data == b.data && a.workers == b.workers && a.parameters == b.parameters &&
         a.planned_steps == b.planned_steps;
}

const TrainRun* baseline_beside(const TrainRun& run, const SeedGroup& group, const std::string& baseline) {
  const TrainRun* beside = nullptr;
  for (const Member& member : group.members) {
    if (member.run->reduce != baseline) continue;
    if (member.run->transport == run.transport) return member.run;
    if (beside == nullptr) beside = member.run;
  }
  return beside;
}

SeedPair pair_up(std::uint64_t seed, const TrainRun& baseline, const TrainRun& other) {
  SeedPair pair{.seed = seed, .baseline = &baseline, .other = &other};
  for (const Validation& a : baseline.validations) {
    for (const Validation& b : other.validations) {
      if (a.step == b.step && a.step >= pair.step) {
        pair.step = a.step;
        pair.of_baseline = a;
        pair.of_other = b;
      }
    }
  }
  return pair;
}

Comparison compare(const std::string& variant, const Experiment& experiment) {
  Comparison comparison{.variant = variant};
  for (const SeedGroup& group : experiment.seeds) {
    for (const Member& member : group.members) {
      if (member.variant != variant) continue;
      const TrainRun* baseline = baseline_beside(*member.run, group, experiment.baseline);
      if (baseline == nullptr) continue;
      const SeedPair pair = pair_up(group.seed, *baseline, *member.run);
      if (pair.step > 0) comparison.pairs.push_back(pair);
    }
  }
  return comparison;
}

std::string find_baseline(const std::vector<const TrainRun*>& runs) {
  for (const char* reduce : {"exact", "ring"}) {
    if (std::ranges::any_of(runs, [&](const TrainRun* run) { return run->reduce == reduce; })) return reduce;
  }
  return "";
}

Experiment make_experiment(const std::vector<const TrainRun*>& runs) {
  const TrainRun& first = *runs.front();
  Experiment experiment{.model = first.model,
                        .workers = first.workers,
                        .parameters = first.parameters,
                        .planned_steps = first.planned_steps,
                        .data = first.data,
                        .baseline = find_baseline(runs)};
  const std::vector<std::string> names = name_variants(runs);
  std::map<std::uint64_t, std::vector<Member>> seeds;
  std::vector<std::string> compared;
  for (const bool of_baseline : {true, false}) {
    for (std::size_t i = 0; i < runs.size(); ++i) {
      if ((runs[i]->reduce == experiment.baseline) != of_baseline) continue;
      seeds[runs[i]->header.seed].push_back({runs[i], names[i]});
      if (std::ranges::find(experiment.variants, names[i]) != experiment.variants.end()) continue;
      experiment.variants.push_back(names[i]);
      if (!of_baseline) compared.push_back(names[i]);
    }
  }
  for (auto& [seed, members] : seeds) experiment.seeds.push_back({seed, std::move(members)});
  for (const std::string& variant : compared) {
    Comparison comparison = compare(variant, experiment);
    if (!comparison.pairs.empty()) experiment.comparisons.push_back(std::move(comparison));
  }
  return experiment;
}

template <typename Value>
Estimate estimate_pairs(const std::vector<SeedPair>& pairs, Value value) {
  std::vector<double> values;
  for (const SeedPair& pair : pairs) values.push_back(value(pair));
  return estimate(values);
}

}  // namespace

Estimate Comparison::of_baseline(Metric metric) const {
  return estimate_pairs(pairs, [metric](const SeedPair& pair) { return pair.of_baseline.value(metric); });
}

Estimate Comparison::of_other(Metric metric) const {
  return estimate_pairs(pairs, [metric](const SeedPair& pair) { return pair.of_other.value(metric); });
}

Estimate Comparison::difference(Metric metric) const {
  return estimate_pairs(pairs, [metric](const SeedPair& pair) { return pair.difference(metric); });
}

std::vector<Metric> Experiment::metrics() const {
  if (data.has_images()) return {Metric::top1, Metric::loss};
  return {Metric::loss};
}

std::vector<Experiment> group_by_experiment(const std::vector<TrainRun>& runs) {
  std::vector<std::vector<const TrainRun*>> groups;
  for (const TrainRun& run : runs) {
    const auto group = std::ranges::find_if(
        groups, [&](const std::vector<const TrainRun*>& members) { return are_comparable(*members.front(), run); });
    if (group == groups.end()) {
      groups.push_back({&run});
    } else {
      group->push_back(&run);
    }
  }
  std::vector<Experiment> experiments;
  for (const std::vector<const TrainRun*>& group : groups) experiments.push_back(make_experiment(group));
  return experiments;
}

Estimate VariantRuns::last(Metric metric) const {
  std::vector<double> values;
  for (const TrainRun* run : runs) {
    if (!run->validations.empty()) values.push_back(run->validations.back().value(metric));
  }
  return estimate(values);
}

std::vector<VariantRuns> runs_by_variant(const Experiment& experiment) {
  std::vector<VariantRuns> variants;
  for (const std::string& variant : experiment.variants) {
    VariantRuns found{.variant = variant};
    for (const SeedGroup& group : experiment.seeds) {
      for (const Member& member : group.members) {
        if (member.variant == variant) found.runs.push_back(member.run);
      }
    }
    variants.push_back(std::move(found));
  }
  return variants;
}

}  // namespace optinc::report
