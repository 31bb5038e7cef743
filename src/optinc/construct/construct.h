// Exact ONNs without training: the threshold circuit of the average (circuit.h), laid into any structure (layout.h).
#pragma once

#include <vector>

#include "optinc/device/device_shape.h"
#include "optinc/onn/design.h"
#include "optinc/onn/layer_set.h"

namespace optinc::construct {

/// A design of these widths, K .. M, that is right on the lattice of every rounding mode; with rounding nearest its
/// first bias holds the constant light. Origin "constructed"; `wrong` and `accuracy` are left to whoever verifies it.
/// Throws base::InputError where N is no power of two, where widths and shape or approximated layers don't go together,
/// or where the circuit does not fit: then it names the stage and what that needs.
onn::Design construct(const device::DeviceShape& shape, const std::vector<int>& widths,
                      const onn::LayerSet& approximated);

}  // namespace optinc::construct
