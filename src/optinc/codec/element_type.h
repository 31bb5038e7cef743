// The types of the elements that are averaged, and their way to float32 and back: the codec works on float32.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace optinc::codec {

/// IEEE-754's binary32 and binary16, and bfloat16, the upper half of a float32.
enum class ElementType { float32, float16, bfloat16 };

constexpr std::size_t element_bytes(ElementType type) {
  return type == ElementType::float32 ? 4 : 2;
}

/// "float32", "float16", "bfloat16".
std::string to_string(ElementType type);
/// The inverse. Throws base::InputError with the names that exist.
ElementType parse_element_type(std::string_view name);

/// elements [n], which may lie anywhere, -> values [n]. Exact; a NaN stays a NaN.
void to_float(ElementType type, const std::byte* elements, std::span<float> values);

/// What becomes of finite values beyond the type's largest: what IEEE-754 has for them, or that largest value.
enum class Overflow { to_infinity, to_largest };

/// values [n] -> elements [n], which may lie anywhere: rounded once, to the nearest, ties to even. Infinity stays what
/// it is; a NaN becomes the quiet NaN of its sign. For float32 a copy.
void from_float(std::span<const float> values, ElementType type, Overflow overflow, std::byte* elements);

/// The same, by the definition of the formats, number by number: what the code above is checked against.
namespace reference {
void to_float(ElementType type, const std::byte* elements, std::span<float> values);
void from_float(std::span<const float> values, ElementType type, Overflow overflow, std::byte* elements);
}  // namespace reference

}  // namespace optinc::codec
