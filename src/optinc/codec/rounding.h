// Q, the rule by which an average becomes an integer code, and the constant light that makes it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "optinc/base/random.h"

namespace optinc::codec {

/// With S the integer sum of N codes:
///   floor             floor(S / N), the paper's (it "discards decimals"): every result is low by (N-1)/(2N) on
///   average. nearest           half up, floor((S + floor(N/2)) / N): high by 1/(2N) for even N, unbiased for odd N.
///   nearest_unbiased  floor((S + floor((N-1+b) / 2)) / N) with one random bit b an element: ties go up or down in
///   turn.
enum class Rounding { floor, nearest, nearest_unbiased };

/// "floor", "nearest", "nearest-unbiased".
std::string to_string(Rounding rounding);
/// The inverse. Throws base::InputError with the names that exist.
Rounding parse_rounding(std::string_view name);

/// The constant light added before the floor, in steps of 1/N: all three modes are floor((S + steps) / N).
constexpr int constant_light_steps(Rounding rounding, int servers, int bit) {
  switch (rounding) {
    case Rounding::floor:
      return 0;
    case Rounding::nearest:
      return servers / 2;
    case Rounding::nearest_unbiased:
      return (servers - 1 + bit) / 2;
  }
  return 0;
}

/// The bits b of nearest-unbiased: bit `element` is one counter-based random bit, the same at device and oracle.
class RoundingBits {
 public:
  explicit RoundingBits(std::uint64_t seed = 0) : stream_(seed, 0x726f756e64696e67) {}  // stream "rounding" in ASCII
  int bit(std::uint64_t element) const { return static_cast<int>(word(element / 32) >> (element % 32) & 1u); }
  /// The bits of elements 32 index .. 32 index + 31, the first in the lowest place: one draw serves them all.
  std::uint32_t word(std::uint64_t index) const { return stream_.word(index); }

 private:
  base::CounterStream stream_;
};

}  // namespace optinc::codec
