// Exact ONNs without training: the threshold circuit of the average (circuit.h), as wide as its stages are, or laid
// into any structure (layout.h).
#pragma once

#include <string_view>
#include <vector>

#include "optinc/construct/circuit.h"
#include "optinc/device/device_shape.h"
#include "optinc/onn/design.h"
#include "optinc/onn/layer_set.h"

namespace optinc::construct {

/// What a circuit is to be good at.
///   tolerant  bears the most noise: states, then two carries a stage
///   shallow   the fewest layers: all carries at once, or as many as float32 can tell
///   narrow    the fewest wires a stage: one carry a stage
enum class Variant { tolerant, shallow, narrow };
/// Throws base::InputError for a name that is none of these.
Variant parse_variant(std::string_view name);

/// How a circuit for `shape` spends its layers to be so.
Plan pick_plan(const device::DeviceShape& shape, Variant variant);

/// A design whose layers are as wide as the plan's stages, nothing of it approximated. It is right on the lattice of
/// every rounding mode; with rounding nearest its first bias holds the constant light. Origin "constructed"; `wrong`
/// and `accuracy` are left to whoever verifies it. What float32 can't be proved to carry is tried with
/// scales that are powers of two, and with more that is restored (Plan). Throws base::InputError where nothing is
/// proved, naming the layer and the signal.
onn::Design construct(const device::DeviceShape& shape, const Plan& plan);

/// The same in these widths, K .. M, with these layers approximated. Throws base::InputError, too, where widths and
/// shape or approximated layers don't go together, or where the circuit does not fit: then it names the stage and what
/// that needs.
onn::Design construct(const device::DeviceShape& shape, const std::vector<int>& widths,
                      const onn::LayerSet& approximated);

}  // namespace optinc::construct
