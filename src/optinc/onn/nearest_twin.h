// A design that rounds to nearest, made of one that floors: constant light, the same weights.
#pragma once

#include "optinc/onn/design.h"

namespace optinc::onn {

/// Constant light of floor(D/2)/D levels on input K, D being the steps of a level there (N; N^2 at level 2 of a
/// cascade), as a bias of layer 1. Right where the design is right on the lattice of every rounding
/// (device/device_shape.h). wrong and accuracy are left to be counted anew. Throws base::InputError unless the design
/// floors and rounds at all (level 1 of a cascade does not).
Design nearest_twin(const Design& floor_design);

}  // namespace optinc::onn
