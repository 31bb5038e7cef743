#include "optinc/search/genes.h"

#include <cmath>
#include <cstddef>

#include "optinc/base/error.h"

namespace optinc::search {
namespace {

/// In the order of `genes`.
enum class Place : std::size_t {
  inputs_ramp,
  digits_ramp,
  states_ramp,
  carries_ramp,
  inputs_repeat,
  digits_repeat,
  states_repeat,
  carries_repeat,
  lookahead,
  carries_at_once,
  digits_at_once,
  sums,
  added_keep,
  states_keep,
  carries_keep,
};

}  // namespace

const std::vector<Gene>& genes() {
  static const std::vector<Gene> all{
      {"inputs_ramp", 0.4, 1},         {"digits_ramp", 0.2, 1},        {"states_ramp", 0.2, 1},
      {"carries_ramp", 0.2, 1},        {"inputs_repeat", -0.5, 6},     {"digits_repeat", -0.5, 5},
      {"states_repeat", -0.5, 4},      {"carries_repeat", -0.5, 4},    {"by_states", 0, 1, true},
      {"carries_at_once", 1, 4, true}, {"digits_at_once", 1, 2, true}, {"sums", 0, 1, true},
      {"added_keep", 1, 4, true},      {"states_keep", 1, 4, true},    {"carries_keep", 1, 4, true},
  };
  return all;
}

construct::Plan plan_of(const device::DeviceShape& shape, const std::vector<double>& values) {
  base::require(values.size() == genes().size(), "{} genes: expected {}", values.size(), genes().size());
  const auto value = [&](Place place) { return values[static_cast<std::size_t>(place)]; };
  const auto whole = [&](Place place) { return static_cast<int>(std::lround(value(place))); };
  const auto repeat = [&](Place place) { return std::exp2(value(place)); };
  construct::Plan plan;
  plan.sums = whole(Place::sums) == 1;
  plan.digits_at_once = whole(Place::digits_at_once);
  const construct::Demand needs = construct::demand(shape, plan.digits_at_once);
  const bool by_states = whole(Place::lookahead) == 1 && needs.states_suffice && needs.carries > 0;
  plan.lookahead = by_states ? construct::Lookahead::states : construct::Lookahead::weighted_sums;
  construct::count_stages(shape, whole(Place::carries_at_once), plan);
  plan.inputs = {.ramp = value(Place::inputs_ramp), .repeat = repeat(Place::inputs_repeat)};
  plan.digits = {.ramp = value(Place::digits_ramp), .repeat = repeat(Place::digits_repeat)};
  plan.added = {.keep = whole(Place::added_keep)};
  plan.states = {
      .ramp = value(Place::states_ramp), .repeat = repeat(Place::states_repeat), .keep = whole(Place::states_keep)};
  plan.carries = {
      .ramp = value(Place::carries_ramp), .repeat = repeat(Place::carries_repeat), .keep = whole(Place::carries_keep)};
  return plan;
}

}  // namespace optinc::search
