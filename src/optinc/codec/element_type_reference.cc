#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>

#include "optinc/codec/element_type.h"

namespace optinc::codec::reference {
namespace {

/// A format of 16 bits: a sign, `exponent_bits` of exponent, the rest of fraction.
struct Format {
  int exponent_bits;
  int fraction_bits() const { return 15 - exponent_bits; }
  int bias() const { return (1 << (exponent_bits - 1)) - 1; }
  int largest_exponent_field() const { return (1 << exponent_bits) - 1; }
};

Format format_of(ElementType type) {
  return type == ElementType::float16 ? Format{5} : Format{8};
}

float value_of(std::uint16_t element, const Format& format) {
  const int fraction = element & ((1 << format.fraction_bits()) - 1);
  const int field = element >> format.fraction_bits() & format.largest_exponent_field();
  const float sign = (element & 0x8000) != 0 ? -1.0f : 1.0f;
  if (field == format.largest_exponent_field()) {
    return std::copysign(fraction != 0 ? std::numeric_limits<float>::quiet_NaN() : HUGE_VALF, sign);
  }
  const int significand = field == 0 ? fraction : fraction | 1 << format.fraction_bits();
  const int exponent = (field == 0 ? 1 : field) - format.bias() - format.fraction_bits();
  return static_cast<float>(std::ldexp(sign * significand, exponent));
}

std::uint16_t element_of(float value, const Format& format, Overflow overflow) {
  const std::uint16_t sign = std::signbit(value) ? 0x8000 : 0;
  const auto infinity = static_cast<std::uint16_t>(format.largest_exponent_field() << format.fraction_bits());
  if (std::isnan(value)) return static_cast<std::uint16_t>(sign | infinity | 1 << (format.fraction_bits() - 1));
  if (std::isinf(value)) return sign | infinity;
  // In units of the last place that the value has in the format, rounded half to even.
  const double magnitude = std::abs(static_cast<double>(value));
  const int smallest = 1 - format.bias();
  const int exponent = magnitude == 0 ? smallest : std::max(std::ilogb(magnitude), smallest);
  const double units = std::nearbyint(std::ldexp(magnitude, format.fraction_bits() - exponent));
  // A carry out of the fraction goes into the exponent of itself.
  const auto field = static_cast<std::int64_t>(exponent - smallest) << format.fraction_bits();
  const std::int64_t element = field + static_cast<std::int64_t>(units);
  if (element < infinity) return static_cast<std::uint16_t>(sign | element);
  return static_cast<std::uint16_t>(sign | (overflow == Overflow::to_largest ? infinity - 1 : infinity));
}

}  // namespace

void to_float(ElementType type, const std::byte* elements, std::span<float> values) {
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (type == ElementType::float32) {
      std::memcpy(&values[i], elements + 4 * i, 4);
    } else {
      std::uint16_t element = 0;
      std::memcpy(&element, elements + 2 * i, 2);
      values[i] = value_of(element, format_of(type));
    }
  }
}

void from_float(std::span<const float> values, ElementType type, Overflow overflow, std::byte* elements) {
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (type == ElementType::float32) {
      std::memcpy(elements + 4 * i, &values[i], 4);
    } else {
      const std::uint16_t element = element_of(values[i], format_of(type), overflow);
      std::memcpy(elements + 2 * i, &element, 2);
    }
  }
}

}  // namespace optinc::codec::reference
