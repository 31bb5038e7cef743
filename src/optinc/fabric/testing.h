// Streams of codes for tests of this folder.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "optinc/base/random.h"
#include "optinc/codec/pam4.h"
#include "optinc/fabric/fabric.h"

namespace optinc::fabric {

using Codes = std::vector<std::uint32_t>;
using Bytes = std::vector<std::uint8_t>;

template <typename T>
std::vector<std::span<const T>> spans_of(const std::vector<std::vector<T>>& streams) {
  return {streams.begin(), streams.end()};
}

inline Bytes pack(const Codes& codes, int bits) {
  Bytes packed(codec::packed_bytes(codes.size(), bits));
  codec::pack_symbols(codes, bits, packed);
  return packed;
}

inline std::vector<Bytes> pack_all(const std::vector<Codes>& codes, int bits) {
  std::vector<Bytes> packed;
  for (const Codes& stream : codes) packed.push_back(pack(stream, bits));
  return packed;
}

/// Codes of `servers` servers, `count` each, the extremes often among them.
inline std::vector<Codes> draw_codes(int servers, std::size_t count, int bits, std::uint64_t seed) {
  const base::CounterStream stream(seed, 0);
  const auto top = static_cast<std::uint32_t>((std::uint64_t{1} << bits) - 1);
  std::vector<Codes> drawn(servers, Codes(count));
  std::uint64_t index = 0;
  for (Codes& codes : drawn) {
    for (std::uint32_t& code : codes) {
      const std::uint32_t word = stream.word(index++);
      code = word % 8 == 0 ? 0 : word % 8 == 1 ? top : stream.word(index++) & top;
    }
  }
  return drawn;
}

inline Bytes average(const Fabric& fabric, const std::vector<Bytes>& packed, std::size_t count,
                     const codec::RoundingBits& rounding_bits, std::uint64_t first_element) {
  Bytes result(codec::packed_bytes(count, fabric.bits()), 0xAA);
  fabric.average(spans_of(packed), count, rounding_bits, first_element, result);
  return result;
}

}  // namespace optinc::fabric
