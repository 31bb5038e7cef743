#include "optinc/report/experiments.h"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include <fmt/format.h>

namespace optinc::report {
namespace {

bool is_ring(const TrainRun& run) {
  return run.reduce == "ring";
}

// The shortest description of a run at a given detail: 0 how it reduces, 1 the design too, 2 the transport, 3 the run's
// name, which no other run has.
std::string describe(const TrainRun& run, int detail) {
  std::string text = reduce_name(run);
  if (detail >= 1 && run.design_bits) text += fmt::format(", {} bits, {}", *run.design_bits, run.design_rounding);
  if (detail >= 2) text += ", " + run.transport;
  if (detail >= 3) text += ", " + run.header.name;
  return text;
}

// The least detail at which no two runs of one seed look the same.
int detail_needed(const std::vector<const TrainRun*>& runs) {
  constexpr int kFull = 3;
  for (int detail = 0; detail < kFull; ++detail) {
    std::set<std::pair<std::uint64_t, std::string>> seen;
    const bool unique = std::ranges::all_of(
        runs, [&](const TrainRun* run) { return seen.emplace(run->header.seed, describe(*run, detail)).second; });
    if (unique) return detail;
  }
  return kFull;
}

const TrainRun* ring_beside(const TrainRun& run, const SeedGroup& group) {
  const TrainRun* ring = nullptr;
  for (const Member& member : group.members) {
    if (!is_ring(*member.run)) continue;
    if (member.run->transport == run.transport) return member.run;
    if (ring == nullptr) ring = member.run;
  }
  return ring;
}

SeedPair pair_up(std::uint64_t seed, const TrainRun& ring, const TrainRun& other) {
  SeedPair pair{.seed = seed, .ring = &ring, .other = &other};
  for (const ValidationLoss& a : ring.validations) {
    for (const ValidationLoss& b : other.validations) {
      if (a.step == b.step && a.step >= pair.step) {
        pair.step = a.step;
        pair.ring_loss = a.loss;
        pair.other_loss = b.loss;
      }
    }
  }
  return pair;
}

Comparison compare(const std::string& variant, const std::vector<SeedGroup>& seeds) {
  Comparison comparison{.variant = variant};
  for (const SeedGroup& group : seeds) {
    for (const Member& member : group.members) {
      if (member.variant != variant) continue;
      const TrainRun* ring = ring_beside(*member.run, group);
      if (ring == nullptr) continue;
      const SeedPair pair = pair_up(group.seed, *ring, *member.run);
      if (pair.step > 0) comparison.pairs.push_back(pair);
    }
  }
  return comparison;
}

Experiment make_experiment(const std::vector<const TrainRun*>& runs) {
  const TrainRun& first = *runs.front();
  Experiment experiment{.workers = first.workers,
                        .parameters = first.parameters,
                        .train_tokens = first.train_tokens,
                        .validation_tokens = first.validation_tokens};
  const int detail = detail_needed(runs);
  std::map<std::uint64_t, std::vector<Member>> seeds;
  for (const bool ring : {true, false}) {
    for (const TrainRun* run : runs) {
      if (is_ring(*run) != ring) continue;
      const std::string variant = describe(*run, detail);
      seeds[run->header.seed].push_back({run, variant});
      if (std::ranges::find(experiment.variants, variant) == experiment.variants.end()) {
        experiment.variants.push_back(variant);
      }
    }
  }
  for (auto& [seed, members] : seeds) experiment.seeds.push_back({seed, std::move(members)});
  for (const std::string& variant : experiment.variants) {
    const bool is_baseline = std::ranges::any_of(
        runs, [&](const TrainRun* run) { return is_ring(*run) && describe(*run, detail) == variant; });
    if (is_baseline) continue;
    Comparison comparison = compare(variant, experiment.seeds);
    if (!comparison.pairs.empty()) experiment.comparisons.push_back(std::move(comparison));
  }
  return experiment;
}

}  // namespace

std::string reduce_name(const TrainRun& run) {
  return run.reduce == "optinc" ? "OptINC" : run.reduce;
}

Spread Comparison::difference() const {
  std::vector<double> differences;
  for (const SeedPair& pair : pairs) differences.push_back(pair.difference());
  return spread(differences);
}

std::vector<Experiment> group_by_experiment(const std::vector<TrainRun>& runs) {
  using Key = std::tuple<std::uint64_t, std::uint64_t, std::uint64_t, std::uint64_t>;
  const auto key_of = [](const TrainRun& run) {
    return Key{run.workers, run.parameters, run.train_tokens, run.validation_tokens};
  };
  std::vector<Key> order;
  std::map<Key, std::vector<const TrainRun*>> groups;
  for (const TrainRun& run : runs) {
    auto& group = groups[key_of(run)];
    if (group.empty()) order.push_back(key_of(run));
    group.push_back(&run);
  }
  std::vector<Experiment> experiments;
  for (const Key& key : order) experiments.push_back(make_experiment(groups[key]));
  return experiments;
}

}  // namespace optinc::report
