#include "optinc/search/genes.h"

#include <algorithm>
#include <cmath>

#include "optinc/base/error.h"

namespace optinc::search {
namespace {

enum Place {
  kInputsRamp,
  kDigitsRamp,
  kStatesRamp,
  kCarriesRamp,
  kInputsRepeat,
  kDigitsRepeat,
  kStatesRepeat,
  kCarriesRepeat,
  kLookahead,
  kCarriesAtOnce,
  kDigitsAtOnce,
  kSums,
  kAddedKeep,
  kStatesKeep,
  kCarriesKeep,
};

}  // namespace

const std::vector<Gene>& genes() {
  static const std::vector<Gene> kGenes{
      {"inputs_ramp", 0.4, 1},         {"digits_ramp", 0.2, 1},        {"states_ramp", 0.2, 1},
      {"carries_ramp", 0.2, 1},        {"inputs_repeat", -0.5, 6},     {"digits_repeat", -0.5, 5},
      {"states_repeat", -0.5, 4},      {"carries_repeat", -0.5, 4},    {"by_states", 0, 1, true},
      {"carries_at_once", 1, 4, true}, {"digits_at_once", 1, 2, true}, {"sums", 0, 1, true},
      {"added_keep", 1, 4, true},      {"states_keep", 1, 4, true},    {"carries_keep", 1, 4, true},
  };
  return kGenes;
}

construct::Plan plan_of(const device::DeviceShape& shape, const std::vector<double>& values) {
  base::require(values.size() == genes().size(), "{} genes: expected {}", values.size(), genes().size());
  const auto whole = [&](Place place) { return static_cast<int>(std::lround(values[place])); };
  const auto repeat = [&](Place place) { return std::exp2(values[place]); };
  construct::Plan plan;
  plan.sums = whole(kSums) == 1;
  plan.digits_at_once = whole(kDigitsAtOnce);
  const construct::Demand needs = construct::demand(shape, plan.digits_at_once);
  const bool by_states = whole(kLookahead) == 1 && needs.states_suffice && needs.carries > 0;
  plan.lookahead = by_states ? construct::Lookahead::states : construct::Lookahead::sums;
  const int carries = std::max(0, needs.carries - (by_states ? 1 : 0));  // the first of a run is known with the states
  plan.carry_stages = (carries + whole(kCarriesAtOnce) - 1) / whole(kCarriesAtOnce);
  plan.layers = needs.digit_stages + (plan.sums ? 1 : 0) + (by_states ? 1 : 0) + plan.carry_stages + 1;
  plan.inputs = {.ramp = values[kInputsRamp], .repeat = repeat(kInputsRepeat)};
  plan.digits = {.ramp = values[kDigitsRamp], .repeat = repeat(kDigitsRepeat)};
  plan.added = {.keep = whole(kAddedKeep)};
  plan.states = {.ramp = values[kStatesRamp], .repeat = repeat(kStatesRepeat), .keep = whole(kStatesKeep)};
  plan.carries = {.ramp = values[kCarriesRamp], .repeat = repeat(kCarriesRepeat), .keep = whole(kCarriesKeep)};
  return plan;
}

}  // namespace optinc::search
