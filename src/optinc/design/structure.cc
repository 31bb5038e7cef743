#include "optinc/design/structure.h"

#include <algorithm>
#include <bit>

#include "optinc/base/error.h"
#include "optinc/onn/matrix_approximation.h"

namespace optinc::design {
namespace {

constexpr int kNarrowest = 64, kSmallest = 128, kLargest = 4096, kMostInputs = 4;

/// At K = 1 every number of symbols is one group: there always is one.
int most_inputs(device::DeviceShape shape) {
  shape.inputs = std::min(kMostInputs, shape.symbols());
  while (shape.bits_of_input(0) < 1) --shape.inputs;
  return shape.inputs;
}

}  // namespace

Structure pick_structure(device::DeviceShape shape) {
  const bool inputs_given = shape.inputs > 0;
  if (!inputs_given) shape.inputs = most_inputs(shape);
  shape.check();
  const int levels = kNarrowest * shape.servers * shape.symbols_per_input();
  const int widest = std::clamp(static_cast<int>(std::bit_ceil(static_cast<unsigned>(levels))), kSmallest, kLargest);

  Structure structure;
  structure.widths = {shape.inputs};
  for (int width = kNarrowest; width < widest; width *= 2) structure.widths.push_back(width);
  for (int width = widest; width >= kNarrowest; width /= 2) structure.widths.push_back(width);
  structure.widths.push_back(shape.symbols());

  const int layers = static_cast<int>(structure.widths.size()) - 1;
  const bool all = widest <= 256;
  for (int layer = 1; layer <= layers; ++layer) {
    const bool at_an_end = layer == 1 || layer == layers;
    const bool possible = onn::can_be_approximated(structure.widths[layer], structure.widths[layer - 1]);
    if (possible && (all || !at_an_end)) structure.approximated.insert(layer);
  }
  structure.why = fmt::format(
      "K = {} {}; widest layer {} for {} ports and {} PAM4 symbol{} an input; layers {} approximated{}", shape.inputs,
      inputs_given
          ? "as asked"
          : fmt::format("inputs cut the {} symbols into groups of {}", shape.symbols(), shape.symbols_per_input()),
      widest, shape.servers, shape.symbols_per_input(), shape.symbols_per_input() == 1 ? "" : "s",
      structure.approximated.to_string(), all ? "" : ", the first and the last left whole as in the paper");
  return structure;
}

}  // namespace optinc::design
