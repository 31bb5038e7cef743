#include "optinc/codec/element_type.h"

#include <bit>
#include <cstdint>
#include <cstring>

// Plain loops, compiled for every instruction set and chosen when the program runs: the compiler makes vectors of them.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "optinc/codec/element_type.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "optinc/base/error.h"

HWY_BEFORE_NAMESPACE();
namespace optinc::codec::HWY_NAMESPACE {
namespace {

constexpr std::uint32_t kSign = 0x80000000, kInfinity = 0x7F800000;
// What the exponents of float16 and float32 differ by, in float32's place.
constexpr std::uint32_t kRebias = (127 - 15) << 23;

HWY_ATTR inline std::uint32_t widen_float16(std::uint32_t half) {
  const std::uint32_t magnitude = half & 0x7FFF, shifted = magnitude << 13;
  const std::uint32_t normal = shifted + kRebias;
  // A subnormal is a fraction in units of 2^-24: put behind a leading 2^-14, which is taken off again, it is exact.
  const float lifted = std::bit_cast<float>(shifted + kRebias + (1u << 23)) - 0x1p-14f;
  const std::uint32_t subnormal = std::bit_cast<std::uint32_t>(lifted);
  const std::uint32_t special = shifted | kInfinity;
  const std::uint32_t wide = magnitude < 0x400 ? subnormal : magnitude < 0x7C00 ? normal : special;
  return (half & 0x8000) << 16 | wide;
}

HWY_ATTR inline std::uint32_t narrow_float16(std::uint32_t bits, std::uint32_t beyond_largest) {
  const std::uint32_t magnitude = bits & ~kSign;
  const std::uint32_t normal = (magnitude - kRebias + 0xFFF + (magnitude >> 13 & 1)) >> 13;
  // Next to 1/2 the last place is 2^-24, float16's smallest: the addition rounds.
  const std::uint32_t subnormal =
      std::bit_cast<std::uint32_t>(std::bit_cast<float>(magnitude) + 0.5f) - std::bit_cast<std::uint32_t>(0.5f);
  const std::uint32_t finite = magnitude < 0x38800000 ? subnormal : normal;
  const std::uint32_t overflown = magnitude == kInfinity ? 0x7C00 : magnitude > kInfinity ? 0x7E00 : beyond_largest;
  return (bits >> 16 & 0x8000) | (magnitude >= 0x477FF000 ? overflown : finite);  // 65520 rounds to 65536
}

HWY_ATTR inline std::uint32_t narrow_bfloat16(std::uint32_t bits, std::uint32_t beyond_largest) {
  const std::uint32_t magnitude = bits & ~kSign;
  const std::uint32_t rounded = (magnitude + 0x7FFF + (magnitude >> 16 & 1)) >> 16;
  const std::uint32_t finite = rounded >= 0x7F80 ? beyond_largest : rounded;
  const std::uint32_t special = magnitude == kInfinity ? 0x7F80 : 0x7FC0;
  return (bits >> 16 & 0x8000) | (magnitude >= kInfinity ? special : finite);
}

HWY_ATTR void widen(ElementType type, const std::byte* elements, std::size_t count, float* values) {
  constexpr std::size_t kTile = 256;
  std::uint16_t narrow[kTile];
  std::uint32_t wide[kTile];
  for (std::size_t begin = 0; begin < count; begin += kTile) {
    const std::size_t tile = count - begin < kTile ? count - begin : kTile;
    std::memcpy(narrow, elements + 2 * begin, 2 * tile);
    if (type == ElementType::float16) {
      for (std::size_t i = 0; i < tile; ++i) wide[i] = widen_float16(narrow[i]);
    } else {
      for (std::size_t i = 0; i < tile; ++i) wide[i] = std::uint32_t{narrow[i]} << 16;
    }
    std::memcpy(values + begin, wide, 4 * tile);
  }
}

HWY_ATTR void narrow(const float* values, std::size_t count, ElementType type, bool to_largest, std::byte* elements) {
  constexpr std::size_t kTile = 256;
  std::uint16_t halves[kTile];
  std::uint32_t wide[kTile];
  for (std::size_t begin = 0; begin < count; begin += kTile) {
    const std::size_t tile = count - begin < kTile ? count - begin : kTile;
    std::memcpy(wide, values + begin, 4 * tile);
    if (type == ElementType::float16) {
      const std::uint32_t beyond = to_largest ? 0x7BFF : 0x7C00;
      for (std::size_t i = 0; i < tile; ++i) halves[i] = static_cast<std::uint16_t>(narrow_float16(wide[i], beyond));
    } else {
      const std::uint32_t beyond = to_largest ? 0x7F7F : 0x7F80;
      for (std::size_t i = 0; i < tile; ++i) halves[i] = static_cast<std::uint16_t>(narrow_bfloat16(wide[i], beyond));
    }
    std::memcpy(elements + 2 * begin, halves, 2 * tile);
  }
}

}  // namespace
}  // namespace optinc::codec::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace optinc::codec {

HWY_EXPORT(widen);
HWY_EXPORT(narrow);

std::string to_string(ElementType type) {
  switch (type) {
    case ElementType::float32:
      return "float32";
    case ElementType::float16:
      return "float16";
    case ElementType::bfloat16:
      return "bfloat16";
  }
  return "?";
}

ElementType parse_element_type(std::string_view name) {
  for (const ElementType type : {ElementType::float32, ElementType::float16, ElementType::bfloat16}) {
    if (to_string(type) == name) return type;
  }
  base::refuse("element type \"{}\": expected float32, float16 or bfloat16", name);
}

void to_float(ElementType type, const std::byte* elements, std::span<float> values) {
  if (values.empty()) return;
  if (type == ElementType::float32) {
    std::memcpy(values.data(), elements, values.size_bytes());
  } else {
    HWY_DYNAMIC_DISPATCH(widen)(type, elements, values.size(), values.data());
  }
}

void from_float(std::span<const float> values, ElementType type, Overflow overflow, std::byte* elements) {
  if (values.empty()) return;
  if (type == ElementType::float32) {
    std::memcpy(elements, values.data(), values.size_bytes());
  } else {
    HWY_DYNAMIC_DISPATCH(narrow)(values.data(), values.size(), type, overflow == Overflow::to_largest, elements);
  }
}

}  // namespace optinc::codec
#endif
