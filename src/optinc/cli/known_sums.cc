#include "optinc/cli/known_sums.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace optinc::cli {
namespace {

/// The bits of a type's significand, the hidden one included, and its smallest normal exponent.
struct Significand {
  int bits;
  int smallest_exponent;
};

Significand significand_of(codec::ElementType type) {
  switch (type) {
    case codec::ElementType::float16:
      return {11, -14};
    case codec::ElementType::bfloat16:
      return {8, -126};
    case codec::ElementType::float32:
      break;
  }
  return {24, -126};
}

/// A well mixed word. Source: S. Vigna's splitmix64, the finaliser of MurmurHash3 with D. Stafford's constants.
std::uint64_t mix(std::uint64_t word) {
  word = (word ^ (word >> 30)) * 0xBF58476D1CE4E5B9;
  word = (word ^ (word >> 27)) * 0x94D049BB133111EB;
  return word ^ (word >> 31);
}

constexpr double kUnit = 0x1p-17;

}  // namespace

KnownSums::KnownSums(codec::ElementType type, int ranks, std::uint64_t seed) : ranks_(ranks), seed_(seed) {
  // N numbers of b bits have sums of b + log2(N) bits at most.
  const int room = significand_of(type).bits - std::bit_width(static_cast<unsigned>(ranks - 1));
  bits_ = std::clamp(room, 1, 17);
}

void KnownSums::inputs(int rank, std::uint64_t first, std::span<float> values) const {
  const std::uint64_t start = mix(seed_ + 0x9E3779B97F4A7C15 * static_cast<std::uint64_t>(rank + 1));
  // The sum of four uniform numbers of 16 bits, less its mean, is in -131070 .. 131070, bell-shaped.
  const auto scale = static_cast<float>(kUnit);
  for (std::size_t i = 0; i < values.size(); ++i) {
    const std::uint64_t word = mix(start + 0x9E3779B97F4A7C15 * (first + i + 1));
    const auto sum =
        static_cast<std::int32_t>((word & 0xFFFF) + (word >> 16 & 0xFFFF) + (word >> 32 & 0xFFFF) + (word >> 48)) -
        131070;
    const std::int32_t shortened = sum / (1 << (17 - bits_));
    values[i] = static_cast<float>(shortened) * scale;
  }
}

void Deviation::add(codec::ElementType type, std::span<const float> results, std::span<const double> exact) {
  const Significand significand = significand_of(type);
  for (std::size_t i = 0; i < results.size(); ++i) {
    const double off = std::abs(results[i] - exact[i]);
    error += off * off;
    signal += exact[i] * exact[i];
    if (off == 0) continue;
    const int exponent =
        exact[i] == 0 ? significand.smallest_exponent : std::max(std::ilogb(exact[i]), significand.smallest_exponent);
    ulp = std::max(ulp, std::ldexp(off, significand.bits - 1 - exponent));
  }
}

void Deviation::add(const Deviation& other) {
  error += other.error;
  signal += other.signal;
  ulp = std::max(ulp, other.ulp);
}

}  // namespace optinc::cli
