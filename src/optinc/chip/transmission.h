// What transmitters make of the levels they should send.
#pragma once

#include <cstddef>
#include <cstdint>

#include "optinc/chip/chip.h"

namespace optinc::chip {

/// levels [count, N M], symbol i of server n at i N + n: adds a transmitter's error of each level, mixes in the symbol
/// before (any level) where a server is skewed, and adds noise. Place first + i of an input numbers its noise.
void transmit(const Fab& fab, const Chip& chip, std::uint64_t first, std::size_t count, float* levels);

}  // namespace optinc::chip
