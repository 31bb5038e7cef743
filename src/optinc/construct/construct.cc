#include "optinc/construct/construct.h"

#include <algorithm>
#include <bit>
#include <functional>
#include <map>
#include <numeric>
#include <string>
#include <utility>

#include "optinc/base/error.h"
#include "optinc/base/version.h"
#include "optinc/construct/circuit.h"
#include "optinc/construct/layout.h"
#include "optinc/onn/constant_light.h"
#include "optinc/onn/matrix_approximation.h"
#include "optinc/onn/mzi_count.h"
#include "optinc/verify/by_stage.h"

namespace optinc::construct {
namespace {

/// More digits at once would take 2 * 255 wires an input; look-ahead over more positions would leave float32 little.
constexpr int kMostDigitsAtOnce = 3;
constexpr int kMostCarriesAtOnce = 4;
/// A proof looks at every value of what is read by steps of two stages.
constexpr int kMostStepsToBeRead = 1 << 19;

void check(const device::DeviceShape& shape, const std::vector<int>& widths, const onn::LayerSet& approximated) {
  shape.check();
  base::require(widths.size() >= 2, "{} layer widths: expected at least 2, from the inputs to the outputs",
                widths.size());
  base::require(widths.front() == shape.inputs, "first width {}: expected the {} inputs", widths.front(), shape.inputs);
  base::require(widths.back() == shape.symbols(), "last width {}: expected the {} symbols of {} bits", widths.back(),
                shape.symbols(), shape.bits);
  const int layers = static_cast<int>(widths.size()) - 1;
  base::require(approximated.last() <= layers, "approximated layer {}: there are {} layers", approximated.last(),
                layers);
  for (int layer = 1; layer <= layers; ++layer) {
    base::require(widths[layer] >= 1, "width {} of layer {}: expected at least 1", widths[layer], layer);
    base::require(!approximated.contains(layer) || onn::can_be_approximated(widths[layer], widths[layer - 1]),
                  "layer {} of {} outputs and {} inputs: can't be approximated, expected the longer side to be a "
                  "multiple of the shorter one",
                  layer, widths[layer], widths[layer - 1]);
  }
}

/// Between the levels of a cascade no receiver snaps the light: what level 2 sees is off, and every ramp leaves it
/// room.
Plan bare_plan(const device::DeviceShape& shape) {
  if (shape.role != onn::Role::cascade_level_2) return {};
  constexpr Style kHalf{.ramp = 0.5};
  return {.inputs = kHalf, .digits = kHalf, .states = kHalf, .carries = kHalf};
}

bool is_too_fine_for_two_stages(const device::DeviceShape& shape) {
  for (int k = 0; k < shape.inputs; ++k) {
    if (shape.last_step(k) >= kMostStepsToBeRead) return true;
  }
  return false;
}

/// A plan, and what to try where float32 can't be proved to carry it: scales that are powers of two, where that makes
/// sums exact, and more and more that is restored.
std::vector<Plan> and_safer_ones(const device::DeviceShape& shape, Plan plan) {
  base::require(plan.restore_digits >= 0 && plan.restore_digits <= 2, "restore_digits {}: expected 0 .. 2",
                plan.restore_digits);
  std::vector<Plan> plans;
  const bool is_exact_in_twos = std::has_single_bit(static_cast<unsigned>(shape.servers));
  bool& safer = is_exact_in_twos ? plan.powers_of_two : plan.restore_decimals;
  const bool asked = safer;
  for (; plan.restore_digits <= 2; ++plan.restore_digits) {
    for (const bool again : {false, true}) {
      if (asked && !again) continue;
      safer = again;
      plans.push_back(plan);
    }
  }
  if (is_exact_in_twos || is_too_fine_for_two_stages(shape) || plan.digits_at_once > 1) return plans;
  plan.restore_digits = 0;
  plan.two_stage_steps = true;
  plan.digits.ramp = std::min(plan.digits.ramp, 0.3);  // room for what float32 rounds; a step is exact, however steep
  for (const bool again : {false, true}) {
    if (asked && !again) continue;
    safer = again;
    plans.push_back(plan);
  }
  return plans;
}

/// The ways of spending so many layers, those that bear most noise first; none where there are too few.
std::vector<Plan> plans_of(const device::DeviceShape& shape, int layers) {
  std::vector<Plan> plans;
  for (int digits_at_once = 1; digits_at_once <= kMostDigitsAtOnce; ++digits_at_once) {
    Plan bare = bare_plan(shape);
    bare.digits_at_once = digits_at_once;
    bare.layers = layers;
    for (Plan plan : and_safer_ones(shape, bare)) {
      const Demand needs = demand(shape, plan);
      for (const Lookahead lookahead : {Lookahead::states, Lookahead::weighted_sums}) {
        if (lookahead == Lookahead::states && !needs.states_suffice) continue;
        plan.lookahead = lookahead;
        const int for_carries = layers - 1 - needs.digit_stages - (lookahead == Lookahead::states && needs.carries > 0);
        plan.carry_stages = std::min(needs.carries, for_carries);
        if (plan.carry_stages * kMostCarriesAtOnce >= needs.carries) plans.push_back(plan);
      }
    }
  }
  return plans;
}

/// A square of layer 1 has no dark wire: of rows that read one input each it holds one an input.
int most_rows_of_an_input(const Stage& stage) {
  std::map<int, int> rows;
  for (const Sum& row : stage.rows) {
    if (row.weights.size() == 1) ++rows[row.weights.begin()->first];
  }
  int most = 0;
  for (const auto& [input, count] : rows) most = std::max(most, count);
  return most;
}

/// As wide as the stages are. Layer 1, whose rows see one input each, is approximated where that takes fewer
/// interferometers, and the sums behind it, too: their squares need no dark wires, which would add their noise.
Layout as_small_as_possible(const std::vector<Stage>& stages, const device::DeviceShape& shape, bool sums) {
  std::vector<int> widths{shape.inputs};
  for (const Stage& stage : stages) widths.push_back(static_cast<int>(stage.rows.size()));
  Layout best = lay(stages, widths, {});
  const auto mzis = [&](const std::vector<int>& of_widths, const onn::LayerSet& approximated) {
    return onn::count_mzis(of_widths, approximated, shape.servers).mzis;
  };
  onn::LayerSet approximated;
  for (int layer = 1; layer <= (sums ? 2 : 1); ++layer) {
    approximated.insert(layer);
    // The narrowest that fits: what fits fits in wider ones, too.
    const int multiple = layer == 1 ? widths[0] : std::lcm(widths[0], widths[2]);
    const auto widened = [&](int squares) {
      std::vector<int> wider = widths;
      wider[1] = squares * multiple;
      return wider;
    };
    const int least = std::max(widths[1], widths[0] * most_rows_of_an_input(stages[0]));
    int low = (least + multiple - 1) / multiple - 1, high = low + 1;  // low: does not fit
    const std::int64_t most = mzis(best.network.widths(), best.approximated);
    while (mzis(widened(high), approximated) < most && !lay(stages, widened(high), approximated).refusal.empty()) {
      const int step = high - low;
      low = high;
      high += 2 * step;
    }
    while (high - low > 1) {
      const int middle = low + (high - low) / 2;
      (lay(stages, widened(middle), approximated).refusal.empty() ? high : low) = middle;
    }
    if (mzis(widened(high), approximated) >= most) continue;
    Layout layout = lay(stages, widened(high), approximated);
    if (layout.refusal.empty()) best = std::move(layout);
  }
  return best;
}

/// Refused where the plan does not fit, or is not proved.
Layout lay_and_prove(const device::DeviceShape& shape, const Plan& plan,
                     const std::function<Layout(const std::vector<Stage>&)>& lay_stages) {
  Layout layout = lay_stages(build_circuit(shape, plan));
  if (!layout.refusal.empty()) return layout;
  layout.refusal = verify::prove_by_stage(layout.network, shape.on_every_rounding(), layout.stages).refusal;
  return layout;
}

Layout find_layout(const device::DeviceShape& shape, const std::vector<int>& widths,
                   const onn::LayerSet& approximated) {
  const int layers = static_cast<int>(widths.size()) - 1;
  std::string refusal;
  for (const Plan& plan : plans_of(shape, layers)) {
    Layout layout =
        lay_and_prove(shape, plan, [&](const std::vector<Stage>& stages) { return lay(stages, widths, approximated); });
    if (layout.refusal.empty()) return layout;
    if (refusal.empty()) refusal = std::move(layout.refusal);
  }
  if (refusal.empty()) {
    int fewest = layers + 1;
    while (plans_of(shape, fewest).empty()) ++fewest;
    base::refuse("{} layers: the circuit for {} bits and {} servers needs at least {}", layers, shape.bits,
                 shape.servers, fewest);
  }
  base::refuse("{}", refusal);
}

onn::Design design_of(const device::DeviceShape& shape, Layout layout) {
  const onn::LayerSet approximated = layout.approximated;
  onn::Network network = std::move(layout.network);
  if (shape.averager_rounding() == codec::Rounding::nearest) {
    const int steps = shape.steps_per_level(shape.inputs - 1);
    const int light = codec::constant_light_steps(codec::Rounding::nearest, steps, 0);
    network = onn::with_constant_light(network, static_cast<float>(light) / static_cast<float>(steps));
  }
  const std::int64_t area_mzi = onn::count_mzis(network.widths(), approximated, shape.servers).mzis;
  return {.bits = shape.bits,
          .servers = shape.servers,
          .inputs = shape.inputs,
          .rounding = shape.rounding,
          .role = shape.role,
          .approximated = approximated,
          .origin = "constructed",
          .wrong = 0,
          .accuracy = 0,
          .area_mzi = area_mzi,
          .seed = 0,
          .version = base::kVersion,
          .stages = verify::to_text(layout.stages),
          .network = std::move(network)};
}

}  // namespace

Variant parse_variant(std::string_view name) {
  if (name == "tolerant") return Variant::tolerant;
  if (name == "shallow") return Variant::shallow;
  if (name == "narrow") return Variant::narrow;
  base::refuse("{}: no such variant; expected tolerant, shallow or narrow", name);
}

Plan pick_plan(const device::DeviceShape& shape, Variant variant) {
  shape.check();
  Plan plan = bare_plan(shape);
  const Demand needs = demand(shape, plan);
  const bool by_states = variant == Variant::tolerant && needs.states_suffice;
  plan.lookahead = by_states ? Lookahead::states : Lookahead::weighted_sums;
  const int at_once = variant == Variant::shallow ? kMostCarriesAtOnce : by_states ? 2 : 1;
  count_stages(shape, at_once, plan);
  return plan;
}

onn::Design construct(const device::DeviceShape& shape, const Plan& plan) {
  shape.check();
  std::string refusal;
  for (Plan each : and_safer_ones(shape, plan)) {
    count_layers(shape, each);
    Layout layout = lay_and_prove(
        shape, each, [&](const std::vector<Stage>& stages) { return as_small_as_possible(stages, shape, plan.sums); });
    if (layout.refusal.empty()) return design_of(shape, std::move(layout));
    if (refusal.empty()) refusal = std::move(layout.refusal);
  }
  base::refuse("{}", refusal);
}

onn::Design construct(const device::DeviceShape& shape, const std::vector<int>& widths,
                      const onn::LayerSet& approximated) {
  check(shape, widths, approximated);
  return design_of(shape, find_layout(shape, widths, approximated));
}

}  // namespace optinc::construct
