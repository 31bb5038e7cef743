// What the servers send so that the ONN gets a certain input.
#pragma once

#include <cstddef>
#include <cstdint>

#include "optinc/device/device_shape.h"

namespace optinc::chip {

/// steps [count, K] of the inputs with these numbers [count] -> levels [count, N M], symbol i of server n at i N + n,
/// whose mean over the servers is A_k = S_k / N. Many servers' codes have the same mean: they are dealt one server
/// after another, each uniform over what leaves the others enough and not too much, by a stream of `seed` and the
/// input's number. (Level 2 of a cascade: what devices of level 1 hand on; constant light that P adds lies with the
/// last server.)
void deal_levels(const device::DeviceShape& shape, std::uint64_t seed, std::size_t count, const std::uint64_t* numbers,
                 const std::int32_t* steps, float* levels);

}  // namespace optinc::chip
