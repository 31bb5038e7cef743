#include "optinc/search/genes.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <map>

#include "optinc/base/error.h"
#include "optinc/onn/matrix_approximation.h"

namespace optinc::search {
namespace {

constexpr int kMostHidden = 6;
constexpr std::array kWidths = {8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256};

/// Genes by name, in order.
class Values {
 public:
  Values(Over over, const std::vector<double>& values) : genes_(genes(over)), values_(values) {
    base::require(values.size() == genes_.size(), "{} genes: expected {}", values.size(), genes_.size());
    for (std::size_t i = 0; i < values.size(); ++i) {
      const Gene& gene = genes_[i];
      base::require(values[i] >= gene.low && values[i] <= gene.high, "gene {} {}: expected {} .. {}", gene.name,
                    values[i], gene.low, gene.high);
    }
  }
  double operator()(std::string_view name) const {
    for (std::size_t i = 0; i < genes_.size(); ++i) {
      if (genes_[i].name == name) return values_[i];
    }
    base::refuse("{}: no such gene", name);
  }
  int whole(std::string_view name) const { return static_cast<int>(std::lround((*this)(name))); }
  double repeat(std::string_view name) const { return std::exp2((*this)(name)); }

 private:
  const std::vector<Gene>& genes_;
  const std::vector<double>& values_;
};

std::vector<Gene> genes_of_structures() {
  std::vector<Gene> all{{"relative_noise", -4, -2}, {"hidden", 2, kMostHidden, true}, {"start", 0, 1, true}};
  for (int layer = 1; layer <= kMostHidden; ++layer) {
    all.push_back({fmt::format("width_{}", layer), 0, kWidths.size() - 1.0, true});
  }
  for (int layer = 1; layer <= kMostHidden + 1; ++layer) {
    all.push_back({fmt::format("approximated_{}", layer), 0, 1, true});
  }
  return all;
}

/// The genes of a structure; hidden widths are of kWidths.
std::vector<double> genes_of_structure(const std::vector<int>& hidden, bool approximated, double relative_noise,
                                       bool constructed_start) {
  std::map<std::string, double> named{{"relative_noise", std::log10(relative_noise)},
                                      {"hidden", static_cast<double>(hidden.size())},
                                      {"start", constructed_start ? 1 : 0}};
  for (std::size_t layer = 1; layer <= hidden.size() + 1; ++layer) {
    named[fmt::format("approximated_{}", layer)] = approximated ? 1 : 0;
    if (layer > hidden.size()) continue;
    named[fmt::format("width_{}", layer)] =
        static_cast<double>(std::ranges::find(kWidths, hidden[layer - 1]) - kWidths.begin());
  }
  std::vector<double> values;
  for (const Gene& gene : genes_of_structures()) {
    values.push_back(named.contains(gene.name) ? named.at(gene.name) : gene.low);
  }
  return values;
}

}  // namespace

std::string to_string(Over over) {
  return over == Over::constructions ? "constructions" : "structures";
}

Over parse_over(std::string_view name) {
  if (name == "constructions") return Over::constructions;
  if (name == "structures") return Over::structures;
  base::refuse("{}: nothing to search over; expected constructions or structures", name);
}

const std::vector<Gene>& genes(Over over) {
  static const std::vector<Gene> constructions{
      {"inputs_ramp", 0.4, 1},      {"digits_ramp", 0.2, 1},         {"states_ramp", 0.2, 1},
      {"carries_ramp", 0.2, 1},     {"inputs_repeat", -0.5, 6},      {"digits_repeat", -0.5, 5},
      {"states_repeat", -0.5, 4},   {"carries_repeat", -0.5, 4},     {"least_range", 0.1, 1},
      {"by_states", 0, 1, true},    {"carries_at_once", 1, 4, true}, {"digits_at_once", 1, 2, true},
      {"sums", 0, 1, true},         {"added_keep", 1, 4, true},      {"states_keep", 1, 4, true},
      {"carries_keep", 1, 4, true}, {"restore_digits", 0, 1, true},  {"restore_decimals", 0, 1, true},
  };
  static const std::vector<Gene> structures = genes_of_structures();
  return over == Over::constructions ? constructions : structures;
}

std::vector<std::vector<double>> known_starts(Over over) {
  if (over == Over::constructions) return {};
  return {genes_of_structure({64, 128, 256, 128, 64}, true, 1e-3, false),  // Table I's for 8 bits and 4 servers
          genes_of_structure({24, 16, 8}, false, 3e-3, true)};             // what a construction for them takes, dense
}

construct::Plan plan_of(const device::DeviceShape& shape, const std::vector<double>& values) {
  const Values value(Over::constructions, values);
  construct::Plan plan;
  plan.sums = value.whole("sums") == 1;
  plan.digits_at_once = value.whole("digits_at_once");
  plan.restore_digits = value.whole("restore_digits");
  plan.restore_decimals = value.whole("restore_decimals") == 1;
  const construct::Demand needs = construct::demand(shape, plan);
  const bool by_states = value.whole("by_states") == 1 && needs.states_suffice && needs.carries > 0;
  plan.lookahead = by_states ? construct::Lookahead::states : construct::Lookahead::weighted_sums;
  construct::count_stages(shape, value.whole("carries_at_once"), plan);
  const double least_range = value("least_range");
  plan.inputs = {.ramp = value("inputs_ramp"), .repeat = value.repeat("inputs_repeat"), .least_range = least_range};
  plan.digits = {.ramp = value("digits_ramp"), .repeat = value.repeat("digits_repeat"), .least_range = least_range};
  plan.added = {.keep = value.whole("added_keep")};
  plan.states = {.ramp = value("states_ramp"),
                 .repeat = value.repeat("states_repeat"),
                 .least_range = least_range,
                 .keep = value.whole("states_keep")};
  plan.carries = {.ramp = value("carries_ramp"),
                  .repeat = value.repeat("carries_repeat"),
                  .least_range = least_range,
                  .keep = value.whole("carries_keep")};
  return plan;
}

Structure structure_of(const device::DeviceShape& shape, const std::vector<double>& values) {
  const Values value(Over::structures, values);
  Structure structure{{shape.inputs}, {}, std::pow(10, value("relative_noise")), value.whole("start") == 1};
  for (int layer = 1; layer <= value.whole("hidden"); ++layer) {
    structure.widths.push_back(kWidths[value.whole(fmt::format("width_{}", layer))]);
  }
  structure.widths.push_back(shape.symbols());
  for (int layer = 1; layer < static_cast<int>(structure.widths.size()); ++layer) {
    if (value.whole(fmt::format("approximated_{}", layer)) == 1 &&
        onn::can_be_approximated(structure.widths[layer], structure.widths[layer - 1])) {
      structure.approximated.insert(layer);
    }
  }
  return structure;
}

}  // namespace optinc::search
