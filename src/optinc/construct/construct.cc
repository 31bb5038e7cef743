#include "optinc/construct/construct.h"

#include <algorithm>
#include <bit>
#include <string>
#include <utility>

#include "optinc/base/error.h"
#include "optinc/base/version.h"
#include "optinc/construct/circuit.h"
#include "optinc/construct/layout.h"
#include "optinc/onn/constant_light.h"
#include "optinc/onn/matrix_approximation.h"
#include "optinc/onn/mzi_count.h"

namespace optinc::construct {
namespace {

/// More digits at once would take 2 * 255 wires an input; look-ahead over more positions would leave float32 little.
constexpr int kMostDigitsAtOnce = 3;
constexpr int kMostCarriesAtOnce = 8;
/// A step's ramps rise by 2 / pitch over the whole range of an input, and their rest is told apart to a quarter of the
/// pitch: float32's 24 bits hold that up to here.
constexpr int kMostSteps = 1 << 11;

void check(const device::DeviceShape& shape, const std::vector<int>& widths, const onn::LayerSet& approximated) {
  shape.check();
  base::require(std::has_single_bit(static_cast<unsigned>(shape.servers)),
                "servers {}: a design is constructed for powers of two alone", shape.servers);
  for (int k = 0; k < shape.inputs; ++k) {
    base::require(shape.last_step(k) < kMostSteps,
                  "input {} of {} has {} steps: the circuit compares with thresholds, which float32 carries through it "
                  "exactly up to {} steps; more inputs have fewer each",
                  k + 1, shape.inputs, shape.last_step(k), kMostSteps);
  }
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

/// The first way of spending the layers that fits: few wires a stage are tried first.
onn::Network find_network(const device::DeviceShape& shape, const std::vector<int>& widths,
                          const onn::LayerSet& approximated) {
  const int layers = static_cast<int>(widths.size()) - 1;
  std::string refusal;
  int fewest = 0;
  for (int digits_at_once = 1; digits_at_once <= kMostDigitsAtOnce; ++digits_at_once) {
    const Demand needs = demand(shape, digits_at_once);
    const int fewest_carry_stages = (needs.carries + kMostCarriesAtOnce - 1) / kMostCarriesAtOnce;
    fewest = needs.digit_stages + fewest_carry_stages + 1;
    if (fewest > layers) continue;
    const int carry_stages = std::min(needs.carries, layers - 1 - needs.digit_stages);
    Layout layout = lay(build_circuit(shape, {digits_at_once, carry_stages, layers}), widths, approximated);
    if (layout.refusal.empty()) return std::move(layout.network);
    if (refusal.empty()) refusal = std::move(layout.refusal);
  }
  base::require(!refusal.empty(), "{} layers: the circuit for {} bits and {} servers needs at least {}", layers,
                shape.bits, shape.servers, fewest);
  base::refuse("{}", refusal);
}

}  // namespace

onn::Design construct(const device::DeviceShape& shape, const std::vector<int>& widths,
                      const onn::LayerSet& approximated) {
  check(shape, widths, approximated);
  onn::Network network = find_network(shape, widths, approximated);
  if (shape.averager_rounding() == codec::Rounding::nearest) {
    const int steps = shape.steps_per_level(shape.inputs - 1);
    const int light = codec::constant_light_steps(codec::Rounding::nearest, steps, 0);
    network = onn::with_constant_light(network, static_cast<float>(light) / static_cast<float>(steps));
  }
  return {.bits = shape.bits,
          .servers = shape.servers,
          .inputs = shape.inputs,
          .rounding = shape.rounding,
          .role = shape.role,
          .approximated = approximated,
          .origin = "constructed",
          .wrong = 0,
          .accuracy = 0,
          .area_mzi = onn::count_mzis(widths, approximated, shape.servers).mzis,
          .seed = 0,
          .version = base::kVersion,
          .network = std::move(network)};
}

}  // namespace optinc::construct
