#include "optinc/search/candidate.h"

#include <cmath>
#include <memory>
#include <numeric>

#include "optinc/base/error.h"
#include "optinc/chip/compile.h"
#include "optinc/chip/monte_carlo.h"
#include "optinc/construct/construct.h"
#include "optinc/design/train.h"
#include "optinc/onn/mzi_count.h"
#include "optinc/verify/inputs.h"
#include "optinc/verify/relative_noise.h"

namespace optinc::search {
namespace {

constexpr double kLeastNoise = 1e-6;  ///< less counts as this much
constexpr double kLeastWrong = 1e-7;
constexpr double kWorst = 1000;  ///< more than any objective

double mzis_of(const std::vector<int>& widths, const onn::LayerSet& approximated, int servers) {
  return static_cast<double>(onn::count_mzis(widths, approximated, servers).without_p_and_t());
}

onn::Design constructed(const Task& task, const std::vector<double>& genes) {
  onn::Design design = construct::construct(task.shape, plan_of(task.shape, genes));
  design.origin = "searched";
  design.accuracy = 1;  // proved by stage
  return design;
}

/// The construction in this structure, where it fits.
std::shared_ptr<const onn::Design> constructed_start(const Task& task, const Structure& structure) {
  if (!structure.constructed_start) return nullptr;
  try {
    return std::make_shared<onn::Design>(construct::construct(task.shape, structure.widths, structure.approximated));
  } catch (const base::InputError&) {
    return nullptr;
  }
}

onn::Design trained(const Task& task, const std::vector<double>& genes, int threads) {
  const Structure structure = structure_of(task.shape, genes);
  design::TrainOptions options{.shape = task.shape,
                               .widths = structure.widths,
                               .approximated = structure.approximated,
                               .seed = task.criteria.seed,
                               .threads = threads,
                               .epochs = task.epochs};
  options.relative_noise = structure.relative_noise;
  options.start = constructed_start(task, structure);
  if (options.start) {
    options.first_stage_epochs = 0;
    options.learning_rate = 1e-4;
  } else {
    options.first_stage_epochs = task.epochs / 5;
  }
  onn::Design design = design::train(options, [](const design::EpochReport&) {}).design;
  design.origin = "searched";
  return design;
}

double rate_on_chips(const onn::Design& design, const std::vector<double>& largest, const Criteria& criteria) {
  chip::Program program = chip::assemble(design, "candidate", {.threads = 1});
  chip::set_largest_outputs(program, largest);
  const chip::Fab fab(std::move(program), criteria.hardware, mesh::Correction::none, criteria.seed);
  std::vector<std::uint64_t> numbers(criteria.chips);
  std::iota(numbers.begin(), numbers.end(), std::uint64_t{0});
  double sum = 0;
  for (const chip::ChipResult& chip :
       chip::simulate_all(fab, numbers, {.sample = criteria.chip_sample, .threads = 1})) {
    sum += chip.exact_symbol_rate();
  }
  return sum / static_cast<double>(criteria.chips);
}

/// log10 of what is not right, no less than one of so many.
double log_wrong(double rate, double trials) {
  return std::log10(std::max(1 - rate, 1 / trials));
}

}  // namespace

onn::Design build(const Task& task, const std::vector<double>& genes, int threads) {
  return task.over == Over::constructions ? constructed(task, genes) : trained(task, genes, threads);
}

Score score(const Task& task, const std::vector<double>& genes) {
  const Criteria& criteria = task.criteria;
  Score score;
  onn::Design design;
  try {
    if (task.over == Over::structures) {  // trained only where they may count
      const Structure structure = structure_of(task.shape, genes);
      score.mzis = mzis_of(structure.widths, structure.approximated, task.shape.servers);
    }
    if (score.mzis <= criteria.most_mzis) {
      design = build(task, genes);
      score.mzis = mzis_of(design.network.widths(), design.approximated, task.shape.servers);
    }
    base::require(score.mzis <= criteria.most_mzis, "{} MZIs: more than {}", score.mzis, criteria.most_mzis);
  } catch (const base::InputError& error) {
    score.refusal = error.what();
  } catch (const base::RunError& error) {  // training diverged
    score.refusal = error.what();
  }
  if (!score.refusal.empty()) return score;
  score.layers = static_cast<int>(design.network.layers.size());
  score.accuracy = design.accuracy;
  const verify::NoiseOptions options{.draws = 1, .seed = criteria.seed, .sample = criteria.sample, .threads = 1};
  const std::vector<double> largest = verify::largest_outputs(design.network, task.shape, options);
  score.noise = verify::tolerated_noise(design.network, task.shape, largest, criteria.rate, options);
  if (criteria.chips > 0) score.chip_rate = rate_on_chips(design, largest, criteria);
  return score;
}

std::vector<double> objectives(const Score& score, const Task& task) {
  const Criteria& criteria = task.criteria;
  if (!score.refusal.empty()) {
    std::vector<double> worst(count_objectives(task), kWorst);
    worst[0] += score.mzis > 0 ? std::log10(score.mzis) : kWorst;  // of what is too large, less is less bad
    return worst;
  }
  std::vector<double> objectives{std::log10(score.mzis), -std::log10(std::max(score.noise, kLeastNoise))};
  if (criteria.depth) objectives.push_back(score.layers);
  if (criteria.chips > 0) {
    const double inputs =
        criteria.chip_sample > 0 ? static_cast<double>(criteria.chip_sample) : verify::possible_inputs(task.shape);
    objectives.push_back(log_wrong(score.chip_rate, inputs * static_cast<double>(criteria.chips)));
  }
  if (task.over == Over::structures) objectives.push_back(log_wrong(score.accuracy, 1 / kLeastWrong));
  return objectives;
}

std::size_t count_objectives(const Task& task) {
  return 2 + (task.criteria.depth ? 1 : 0) + (task.criteria.chips > 0 ? 1 : 0) +
         (task.over == Over::structures ? 1 : 0);
}

base::Json to_json(const Score& score) {
  base::Json json{{"mzis", score.mzis},
                  {"layers", score.layers},
                  {"noise", score.noise},
                  {"accuracy", score.accuracy},
                  {"chip_rate", score.chip_rate}};
  if (!score.refusal.empty()) json["refusal"] = score.refusal;
  return json;
}

Score score_from_json(const base::Json& json) {
  return {json.at("mzis").get<double>(),     json.at("layers").get<int>(),       json.at("noise").get<double>(),
          json.at("accuracy").get<double>(), json.at("chip_rate").get<double>(), json.value("refusal", "")};
}

}  // namespace optinc::search
