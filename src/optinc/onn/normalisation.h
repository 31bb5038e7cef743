// Networks that were trained on numbers in other units than a device has.
#pragma once

#include "optinc/onn/network.h"

namespace optinc::onn {

/// level = scale * number + shift.
struct Units {
  double scale = 1;
  double shift = 0;
};

/// `network` takes and gives numbers in units of its own; the result takes and gives levels. The first layer takes up
/// the inputs' units, W1 / scale and b1 - W1 1 shift / scale, the last one the outputs', scale W and scale b + shift;
/// layers stay approximated. Computed in double. Throws base::InputError for a scale of 0, for what is not finite, and
/// where the result exceeds float32's range.
Network in_levels(Network network, const Units& inputs, const Units& outputs);

}  // namespace optinc::onn
