#include "optinc/search/search.h"

#include <map>
#include <pagmo/algorithm.hpp>
#include <pagmo/algorithms/nsga2.hpp>
#include <pagmo/batch_evaluators/member_bfe.hpp>
#include <pagmo/bfe.hpp>
#include <pagmo/population.hpp>
#include <pagmo/problem.hpp>
#include <utility>

#include "optinc/base/error.h"
#include "optinc/base/random.h"
#include "optinc/search/genes.h"
#include "optinc/verify/inputs.h"

namespace optinc::search {
namespace {

/// What pagmo copies about; the scores stay with the caller.
struct Evaluation {
  const Options* options;
  const Scorer* scorer;
  std::map<std::vector<double>, Score> scored;  ///< in this generation

  std::vector<std::vector<double>> evaluate(const std::vector<std::vector<double>>& genes) {
    const std::vector<Score> scores = (*scorer)(genes);
    std::vector<std::vector<double>> fitness;
    for (std::size_t i = 0; i < genes.size(); ++i) {
      scored[genes[i]] = scores[i];
      fitness.push_back(objectives(scores[i], options->task));
    }
    return fitness;
  }
};

/// The search as a problem of pagmo's.
struct Problem {
  Evaluation* evaluation = nullptr;

  pagmo::vector_double fitness(const pagmo::vector_double& genes) const { return evaluation->evaluate({genes})[0]; }
  pagmo::vector_double batch_fitness(const pagmo::vector_double& many) const {
    const std::size_t width = varied().size();
    std::vector<std::vector<double>> each;
    for (std::size_t i = 0; i < many.size(); i += width) {
      each.emplace_back(many.begin() + static_cast<std::ptrdiff_t>(i),
                        many.begin() + static_cast<std::ptrdiff_t>(i + width));
    }
    pagmo::vector_double all;
    for (const std::vector<double>& fitness : evaluation->evaluate(each))
      all.insert(all.end(), fitness.begin(), fitness.end());
    return all;
  }
  pagmo::vector_double::size_type get_nobj() const { return count_objectives(evaluation->options->task); }
  pagmo::vector_double::size_type get_nix() const {
    pagmo::vector_double::size_type whole = 0;
    for (const Gene& gene : varied()) whole += gene.whole ? 1 : 0;
    return whole;
  }
  std::pair<pagmo::vector_double, pagmo::vector_double> get_bounds() const {
    std::pair<pagmo::vector_double, pagmo::vector_double> bounds;
    for (const Gene& gene : varied()) {
      bounds.first.push_back(gene.low);
      bounds.second.push_back(gene.high);
    }
    return bounds;
  }
  const std::vector<Gene>& varied() const { return genes(evaluation->options->task.over); }
};

Generation draw(const Options& options, const Scorer& scorer) {
  std::vector<std::vector<double>> all = known_starts(options.task.over);
  while (static_cast<int>(all.size()) < options.population) {
    const base::CounterStream stream(options.seed, all.size());
    std::vector<double>& values = all.emplace_back();
    std::uint64_t index = 0;
    for (const Gene& gene : genes(options.task.over)) {
      const double width = gene.whole ? gene.high - gene.low + 1 : gene.high - gene.low;
      const double value = gene.low + width * stream.uniform(index++);
      values.push_back(gene.whole ? std::floor(value) : value);
    }
  }
  const std::vector<Score> scores = scorer(all);
  Generation generation;
  for (std::size_t i = 0; i < all.size(); ++i) generation.push_back({all[i], scores[i]});
  return generation;
}

}  // namespace

void check(const Options& options) {
  const Task& task = options.task;
  const Criteria& criteria = task.criteria;
  task.shape.check();
  chip::check(criteria.hardware);
  const double inputs = verify::possible_inputs(task.shape);
  base::require(inputs <= verify::kMostEnumerated || criteria.sample > 0,
                "{:.3g} possible inputs: expected a sample of them", inputs);
  base::require(inputs <= verify::kMostEnumerated || criteria.chips == 0 || criteria.chip_sample > 0,
                "{:.3g} possible inputs: expected a sample of them for chips", inputs);
  base::require(task.over == Over::constructions || inputs <= verify::kMostEnumerated,
                "{:.3g} possible inputs: expected at most {:.0f} to train on, a candidate", inputs,
                verify::kMostEnumerated);
  base::require(criteria.most_mzis > 0, "at most {} MZIs: expected more than 0", criteria.most_mzis);
  base::require(options.population >= 8 && options.population % 4 == 0,
                "population {}: expected a multiple of 4, at least 8", options.population);
  base::require(task.epochs >= 1, "{} epochs: expected at least 1", task.epochs);
  base::require(options.generations >= 1, "{} generations: expected at least 1", options.generations);
  base::require(criteria.rate > 0 && criteria.rate < 1, "rate {}: expected more than 0, less than 1", criteria.rate);
}

Generation search(const Options& options, const Scorer& scorer, int done, Generation generation,
                  const std::function<void(int, const Generation&, const Generation&)>& on_generation) {
  check(options);
  if (generation.empty()) {
    generation = draw(options, scorer);
    on_generation(done = 0, generation, generation);
  }
  Evaluation evaluation{&options, &scorer, {}};
  pagmo::problem problem(Problem{&evaluation});
  while (done < options.generations) {
    evaluation.scored.clear();
    for (const Member& member : generation) evaluation.scored[member.genes] = member.score;
    const auto seed = static_cast<unsigned>(base::CounterStream(options.seed, ~std::uint64_t{0}).word(done));
    pagmo::population population(problem, 0, seed);
    for (const Member& member : generation) {
      population.push_back(member.genes, objectives(member.score, options.task));
    }
    pagmo::nsga2 nsga2(1, 0.95, 10, 1.0 / static_cast<double>(genes(options.task.over).size()), 20, seed);
    nsga2.set_bfe(pagmo::bfe(pagmo::member_bfe()));
    population = pagmo::algorithm(nsga2).evolve(population);
    Generation next, scored;
    for (const std::vector<double>& values : population.get_x()) next.push_back({values, evaluation.scored.at(values)});
    for (const auto& [values, score] : evaluation.scored) scored.push_back({values, score});
    generation = std::move(next);
    on_generation(++done, generation, scored);
  }
  return generation;
}

}  // namespace optinc::search
