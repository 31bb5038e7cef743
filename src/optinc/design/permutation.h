// A random order of 0 .. n-1 that is computed, not stored.
#pragma once

#include <array>
#include <bit>
#include <cstdint>

#include "optinc/base/random.h"

namespace optinc::design {

/// A Feistel network on the smallest power of two that holds n, walked on until the result is below n (Black and
/// Rogaway 2002). A function of (n, seed, stream) alone.
class Permutation {
 public:
  Permutation(std::uint32_t n, std::uint64_t seed, std::uint64_t stream)
      : n_(n), low_bits_((std::bit_width(n - 1u) + 1) / 2), high_bits_(std::bit_width(n - 1u) / 2) {
    const base::CounterStream keys(seed, stream);
    for (std::uint32_t round = 0; round < keys_.size(); ++round) keys_[round] = keys.word(round);
  }

  std::uint32_t operator()(std::uint32_t index) const {
    if (n_ <= 2) return n_ == 2 ? index ^ (keys_[0] & 1u) : 0;
    do index = encrypt(index);
    while (index >= n_);
    return index;
  }

 private:
  std::uint32_t encrypt(std::uint32_t value) const {
    const std::uint32_t low_mask = (std::uint32_t{1} << low_bits_) - 1,
                        high_mask = (std::uint32_t{1} << high_bits_) - 1;
    std::uint32_t low = value & low_mask, high = value >> low_bits_;
    for (std::size_t round = 0; round < keys_.size(); round += 2) {
      high ^= mix(low ^ keys_[round]) & high_mask;
      low ^= mix(high ^ keys_[round + 1]) & low_mask;
    }
    return high << low_bits_ | low;
  }

  /// Every bit of the result depends on every bit of the value (the finaliser of MurmurHash3).
  static std::uint32_t mix(std::uint32_t value) {
    value ^= value >> 16;
    value *= 0x85ebca6b;
    value ^= value >> 13;
    value *= 0xc2b2ae35;
    return value ^ value >> 16;
  }

  std::uint32_t n_;
  int low_bits_, high_bits_;
  std::array<std::uint32_t, 6> keys_{};
};

}  // namespace optinc::design
