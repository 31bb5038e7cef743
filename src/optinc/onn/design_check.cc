#include <algorithm>
#include <array>
#include <cmath>

#include "optinc/base/error.h"
#include "optinc/codec/pam4.h"
#include "optinc/onn/design.h"
#include "optinc/onn/matrix_approximation.h"

namespace optinc::onn {
namespace {

constexpr int kMinServers = 2;
constexpr int kMaxServers = 1024;

bool is_one_line(std::string_view text) {
  return std::ranges::none_of(text, [](unsigned char c) { return c < 0x20 || c == 0x7f; });
}

template <std::size_t count>
void check_choice(std::string_view value, const std::array<std::string_view, count>& choices, const char* key,
                  std::string_view name) {
  base::require(std::ranges::find(choices, value) != choices.end(), "{}: {} \"{}\", expected one of {}", name, key,
                value, fmt::join(choices, ", "));
}

void check_device(const Design& design, std::string_view name) {
  base::require(design.bits >= codec::kMinBits && design.bits <= codec::kMaxBits, "{}: {} bits, expected {} to {}",
                name, design.bits, codec::kMinBits, codec::kMaxBits);
  base::require(design.servers >= kMinServers && design.servers <= kMaxServers, "{}: {} servers, expected {} to {}",
                name, design.servers, kMinServers, kMaxServers);
  const int symbols = codec::symbols_per_code(design.bits);
  base::require(design.inputs >= 1 && design.inputs <= symbols, "{}: {} inputs, expected 1 to {} for {} bits", name,
                design.inputs, symbols, design.bits);
  const int symbols_per_input = (symbols + design.inputs - 1) / design.inputs;
  base::require(
      symbols > symbols_per_input * (design.inputs - 1),
      "{}: {} inputs of {} symbols each, expected a number that leaves the first input some of the {} symbols", name,
      design.inputs, symbols_per_input, symbols);
}

void check_layers(const Design& design, std::string_view name) {
  const std::vector<Layer>& layers = design.network.layers;
  base::require(!layers.empty(), "{}: has no layers, expected at least one", name);
  int width = design.inputs;
  for (std::size_t i = 0; i < layers.size(); ++i) {
    const Layer& layer = layers[i];
    base::require(layer.inputs == width, "{}: layer.{} has {} inputs, expected {}", name, i, layer.inputs, width);
    base::require(layer.outputs >= 1, "{}: layer.{} has {} outputs, expected at least 1", name, i, layer.outputs);
    const std::size_t weights = static_cast<std::size_t>(layer.outputs) * static_cast<std::size_t>(layer.inputs);
    base::require(layer.weight.size() == weights, "{}: layer.{}.weight has {} numbers, expected {} x {}", name, i,
                  layer.weight.size(), layer.outputs, layer.inputs);
    base::require(layer.bias.size() == static_cast<std::size_t>(layer.outputs),
                  "{}: layer.{}.bias has {} numbers, expected {}", name, i, layer.bias.size(), layer.outputs);
    width = layer.outputs;
  }
  const int symbols = codec::symbols_per_code(design.bits);
  base::require(width == symbols, "{}: layer.{}, the last, has {} outputs, expected {} symbols for {} bits", name,
                layers.size() - 1, width, symbols, design.bits);
}

void check_finite(const std::vector<float>& values, std::size_t layer, const char* kind, std::string_view name) {
  const auto bad = std::ranges::find_if_not(values, [](float value) { return std::isfinite(value); });
  if (bad != values.end()) {
    base::refuse("{}: layer.{}.{} has {} at place {}, expected finite numbers", name, layer, kind, *bad,
                 bad - values.begin());
  }
}

void check_approximated(const Design& design, std::string_view name) {
  const std::vector<Layer>& layers = design.network.layers;
  base::require(design.approximated.last() <= static_cast<int>(layers.size()),
                "{}: approximated layers {}, expected layers from 1 to {}", name, design.approximated.to_string(),
                layers.size());
  for (std::size_t i = 0; i < layers.size(); ++i) {
    if (!design.approximated.contains(static_cast<int>(i) + 1)) continue;
    const Layer& layer = layers[i];
    base::require(
        can_be_approximated(layer.outputs, layer.inputs),
        "{}: layer.{} is called approximated and is {} x {}, expected the longer side to be a multiple of the "
        "shorter one",
        name, i, layer.outputs, layer.inputs);
    const double error = approximation_error(layer);
    base::require(error <= kApproximationTolerance,
                  "{}: layer.{} is called approximated and is {:.3g} from diagonal * orthogonal squares, expected at "
                  "most {}",
                  name, i, error, kApproximationTolerance);
  }
}

}  // namespace

void check(const Design& design, std::string_view name) {
  check_device(design, name);
  check_choice(
      design.origin,
      std::to_array<std::string_view>({"trained", "constructed", "trained-from-constructed", "searched", "imported"}),
      "origin", name);
  base::require(design.accuracy >= 0 && design.accuracy <= 1, "{}: accuracy {}, expected 0 to 1", name,
                design.accuracy);
  base::require(design.area_mzi >= 0, "{}: area_mzi {}, expected at least 0", name, design.area_mzi);
  base::require(is_one_line(design.version) && design.version.size() <= 200,
                "{}: version of {} bytes, expected at most 200 and no control characters", name, design.version.size());
  check_layers(design, name);
  for (std::size_t i = 0; i < design.network.layers.size(); ++i) {
    check_finite(design.network.layers[i].weight, i, "weight", name);
    check_finite(design.network.layers[i].bias, i, "bias", name);
  }
  check_approximated(design, name);
}

}  // namespace optinc::onn
