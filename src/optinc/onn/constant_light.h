// Constant light on an ONN's last input, brought by the bias of its first layer.
#pragma once

#include "optinc/onn/network.h"

namespace optinc::onn {

/// The network that gives for A_1 .. A_K what `network` gives for A_1 .. A_(K-1), A_K + levels: b1 becomes
/// b1 + W1[:, K] levels. An ONN that floors rounds to nearest with floor(N/2) / N levels of light (codec/rounding.h),
/// if it is right for A_K up to 4^s - 1 + floor(N/2) / N. Only the first bias differs: layers stay approximated.
Network with_constant_light(const Network& network, float levels);

}  // namespace optinc::onn
