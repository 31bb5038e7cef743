// Unit P: joins s symbols of each server into one level and averages over the servers, optically (paper section III-A).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "optinc/codec/rounding.h"
#include "optinc/device/device_shape.h"

namespace optinc::device {

/// server_symbols: one packed stream (codec/pam4.h) a server in use, 1 .. N of them; idle ports are fed the zero
/// gradient. Takes the elements `first` .. `first + count - 1` of the streams. steps: [count, K], the S_k = N A_k. For
/// nearest_unbiased it adds constant light to input K by rounding bit `first_element + first + i`. Throws
/// base::InputError for more servers than ports.
void preprocess_steps(const DeviceShape& shape, std::span<const std::span<const std::uint8_t>> server_symbols,
                      std::size_t first, std::size_t count, const codec::RoundingBits& rounding_bits,
                      std::uint64_t first_element, std::int32_t* steps);

/// steps [count, K] -> levels [count, K]: A_k = S_k / shape.steps_per_level(k).
void levels_of_steps(const DeviceShape& shape, std::size_t count, const std::int32_t* steps, float* levels);

}  // namespace optinc::device
