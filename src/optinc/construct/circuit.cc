#include "optinc/construct/circuit.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "optinc/construct/draft.h"

namespace optinc::construct {
namespace {

/// The digits as they are now are the symbols.
void write_symbols(Draft& draft) {
  const int symbols = draft.shape.symbols();
  std::vector<Value> outputs(symbols);
  for (const auto& [position, digit] : draft.digits) {
    Value& output = outputs[symbols - 1 - std::max(position, 0)];
    const double weight = power_of_4(std::min(position, 0));
    output.sum += weight * digit.sum;
    output.most += weight * digit.most;
  }
  if (draft.known.decimals()) {
    const Rest& decimals = draft.rests.at(*draft.known.decimals());
    outputs.back().sum += decimals.sum;
    outputs.back().most += decimals.most;
  }
  // Over the top by less than a step: all symbols have come round to 0, and stay at the highest code.
  for (int m = 0; m < symbols; ++m) outputs[m].sum += (draft.known.levels(symbols - 1 - m) - 1) * draft.overflow.sum;
  while (static_cast<int>(draft.stages.size()) < draft.plan.layers - 1) {
    Rows rows = draft.rows({});
    for (Value& output : outputs) output = rows.keep(output);
    Stage stage = rows.finish("pass");
    for (int m = 0; m < symbols; ++m) {
      claim(stage, {.meaning = verify::Meaning::symbol, .position = symbols - 1 - m}, outputs[m].sum);
    }
    draft.stages.push_back(std::move(stage));
  }
  Stage last{"symbols", {}, {}};
  for (const Value& output : outputs) last.rows.push_back(output.sum);
  draft.stages.push_back(std::move(last));
}

}  // namespace

Demand demand(const device::DeviceShape& shape, const Plan& plan) {
  Draft draft(shape, plan);
  find_digits(draft);
  Demand result{static_cast<int>(draft.stages.size()) - (plan.sums ? 1 : 0),
                static_cast<int>(draft.most_carries.size()), true};
  for (const auto& [position, most] : draft.most_carries) result.states_suffice &= most == 1;
  return result;
}

void count_layers(const device::DeviceShape& shape, Plan& plan) {
  const Demand needs = demand(shape, plan);
  const bool has_states = plan.lookahead == Lookahead::states && needs.carries > 0;
  plan.layers = needs.digit_stages + (plan.sums ? 1 : 0) + (has_states ? 1 : 0) + plan.carry_stages + 1;
}

void count_stages(const device::DeviceShape& shape, int carries_at_once, Plan& plan) {
  const Demand needs = demand(shape, plan);
  const bool has_states = plan.lookahead == Lookahead::states && needs.carries > 0;
  const int carries = needs.carries - (has_states ? 1 : 0);  // the first of a run is known with the states
  plan.carry_stages = (carries + carries_at_once - 1) / carries_at_once;
  count_layers(shape, plan);
}

std::vector<Stage> build_circuit(const device::DeviceShape& shape, const Plan& plan) {
  Draft draft(shape, plan);
  find_digits(draft);
  find_carries(draft);
  write_symbols(draft);
  return std::move(draft.stages);
}

}  // namespace optinc::construct
