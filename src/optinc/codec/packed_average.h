// The oracle on packed symbols: exact_averages() without codes in between, where a packed stream is its codes' own
// bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "optinc/codec/rounding.h"

namespace optinc::codec {

/// server_symbols: one packed stream (pam4.h) of `count` elements a server in use, 1 .. ports of them; each idle port
/// counts as zero_code(bits). result [packed_bytes(count)]: to the bit what unpack_symbols(), exact_averages() and
/// pack_symbols() give. Throws base::InputError as they do, and for streams of another length.
void exact_averages_packed(std::span<const std::span<const std::uint8_t>> server_symbols, std::size_t count, int ports,
                           int bits, Rounding rounding, const RoundingBits& rounding_bits, std::uint64_t first_element,
                           std::span<std::uint8_t> result);

}  // namespace optinc::codec
