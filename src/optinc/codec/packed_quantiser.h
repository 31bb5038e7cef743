// The straight road from gradients to packed PAM4 symbols and back, without codes in between: what a server does with
// every element of every step. 8 and 16 bits are vector code of their own; all others go through codes, in tiles.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "optinc/codec/block_quantiser.h"

namespace optinc::codec {

/// values [n], shared scales [block_count(n)] -> packed [packed_bytes(n, B)]: to the bit what quantise() and
/// pack_symbols() give. Throws base::InputError as they do.
void quantise_packed(std::span<const float> values, std::span<const std::uint16_t> scales,
                     const QuantiserOptions& options, const base::CounterStream& stream, std::uint64_t first_element,
                     std::span<std::uint8_t> packed);

/// packed [packed_bytes(n, B)], shared scales -> values [n]: to the bit what unpack_symbols() from element 0 on and
/// dequantise() give. Returns the number of non-finite blocks. Throws base::InputError as they do.
std::size_t dequantise_packed(std::span<const std::uint8_t> packed, std::span<const std::uint16_t> scales,
                              const QuantiserOptions& options, double gain, std::span<float> values);

}  // namespace optinc::codec
