// What every fabric does around its optics: checks the streams, cuts the elements in tiles, packs what comes out.
#pragma once

#include <functional>

#include "optinc/fabric/fabric.h"

namespace optinc::fabric {

/// Elements a tile: large enough for the matrix products of an ONN, small enough that its activations stay in the
/// cache. A multiple of 4, so that every tile starts on a byte of the packed streams whatever the bits.
inline constexpr std::size_t kTile = 1024;

/// Fills `codes` with the averages of the elements from `begin` on; codes.size() <= kTile. Several threads call it.
using AverageTile = std::function<void(std::size_t begin, std::span<std::uint32_t> codes)>;

/// Fabric::average in tiles, on `threads` threads (0: all that are available): memory does not grow with the tensor.
/// Throws base::InputError for too many servers or wrong sizes.
void average_in_tiles(const Fabric& fabric, std::span<const std::span<const std::uint8_t>> server_symbols,
                      std::size_t count, int threads, std::span<std::uint8_t> result, const AverageTile& average_tile);

}  // namespace optinc::fabric
