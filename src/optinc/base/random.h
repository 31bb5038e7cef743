// Counter-based random streams: word i of stream (seed, stream) is a pure function of the three numbers, so results do
// not depend on threads, ranks or the order of calls. Source: Philox4x32-10, J. K. Salmon et al., "Parallel random
// numbers: as easy as 1, 2, 3", SC'11.
#pragma once

#include <array>
#include <cstdint>

namespace optinc::base {

/// One Philox4x32-10 block: four words from a 128-bit counter and a 64-bit key.
std::array<std::uint32_t, 4> philox4x32(std::array<std::uint32_t, 4> counter, std::array<std::uint32_t, 2> key);

/// A random stream addressed by index.
class CounterStream {
 public:
  /// `seed` chooses the experiment, `stream` tells independent uses apart (a rank, a purpose, a step).
  constexpr CounterStream(std::uint64_t seed, std::uint64_t stream) : seed_(seed), stream_(stream) {}

  /// The four words 4 * block .. 4 * block + 3.
  std::array<std::uint32_t, 4> block(std::uint64_t block) const;
  /// Word `index`, uniform on 0 .. 2^32 - 1.
  std::uint32_t word(std::uint64_t index) const { return block(index / 4)[index % 4]; }
  /// Uniform on [0, 1), in steps of 2^-32.
  double uniform(std::uint64_t index) const { return word(index) * 0x1p-32; }

 private:
  std::uint64_t seed_;
  std::uint64_t stream_;
};

}  // namespace optinc::base
