// Unit T copies the M outputs to all servers; there a receiver snaps each to the nearest PAM4 level.
#pragma once

#include <cstddef>
#include <cstdint>

#include "optinc/device/device_shape.h"

namespace optinc::device {

/// levels [count, M], analog -> codes [count]. Each level goes to the nearest of 0 .. 3 (0 .. 1 for symbol 1 of odd B),
/// half up; what is out of range, or NaN, goes to the nearest end (NaN: 0). Behind level 1 of a cascade stands no
/// receiver but a regenerator: it puts symbol M on the nearest multiple of 1/N in 0 .. 4 - 1/N, and the code is N times
/// the average.
void receive(const DeviceShape& shape, std::size_t count, const float* levels, std::uint32_t* codes);

}  // namespace optinc::device
