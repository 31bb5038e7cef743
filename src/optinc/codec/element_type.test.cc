#include "optinc/codec/element_type.h"

#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <vector>

#include <gtest/gtest.h>

#include "optinc/base/error.h"
#include "optinc/base/random.h"

namespace optinc::codec {
namespace {

constexpr ElementType kHalfTypes[] = {ElementType::float16, ElementType::bfloat16};

bool same_number(float a, float b) {
  return (std::isnan(a) && std::isnan(b)) || std::bit_cast<std::uint32_t>(a) == std::bit_cast<std::uint32_t>(b);
}

TEST(ElementType, EveryHalfIsWidenedExactlyAndComesBack) {
  std::vector<std::uint16_t> all(65536);
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = static_cast<std::uint16_t>(i);
  for (const ElementType type : kHalfTypes) {
    std::vector<float> values(all.size()), expected(all.size());
    const auto* elements = std::as_bytes(std::span(all)).data();
    to_float(type, elements, values);
    reference::to_float(type, elements, expected);
    std::vector<std::uint16_t> back(all.size());
    from_float(values, type, Overflow::to_infinity, std::as_writable_bytes(std::span(back)).data());
    for (std::size_t i = 0; i < all.size(); ++i) {
      ASSERT_TRUE(same_number(values[i], expected[i])) << to_string(type) << " " << i;
      if (!std::isnan(values[i])) {
        ASSERT_EQ(back[i], all[i]) << to_string(type);
      }
    }
  }
}

/// All exponents and signs, with fractions near those at which a half type rounds, and a good many others.
std::vector<float> interesting_floats() {
  std::vector<float> values;
  const base::CounterStream stream(1, 0);
  std::uint64_t index = 0;
  for (std::uint32_t upper = 0; upper < 512; ++upper) {
    for (const std::uint32_t place : {13u, 16u}) {
      for (std::uint32_t kept = 0; kept < 8; ++kept) {
        for (std::int32_t off = -2; off <= 2; ++off) {
          const std::uint32_t tie = (kept << place) + (1u << (place - 1));
          values.push_back(std::bit_cast<float>(upper << 23 | ((tie + off) & 0x7FFFFF)));
          values.push_back(std::bit_cast<float>(upper << 23 | ((0x7FFFFF - tie + off) & 0x7FFFFF)));
        }
      }
    }
    for (int n = 0; n < 200; ++n) values.push_back(std::bit_cast<float>(upper << 23 | (stream.word(index++) >> 9)));
  }
  // Around float16's subnormals and its largest.
  for (int n = 0; n < 20'000; ++n) values.push_back(static_cast<float>(n) * 0x1p-26f);
  for (const float edge : {65504.0f, 65519.996f, 65520.0f, 65536.0f, 0x1p-24f, 0x1p-25f, 0x1.8p-25f}) {
    values.insert(values.end(), {edge, -edge, std::nextafter(edge, 0.0f), std::nextafter(edge, 1e30f)});
  }
  return values;
}

TEST(ElementType, FloatsAreRoundedOnceToTheNearestEven) {
  const std::vector<float> values = interesting_floats();
  for (const ElementType type : kHalfTypes) {
    for (const Overflow overflow : {Overflow::to_infinity, Overflow::to_largest}) {
      std::vector<std::uint16_t> elements(values.size()), expected(values.size());
      from_float(values, type, overflow, std::as_writable_bytes(std::span(elements)).data());
      reference::from_float(values, type, overflow, std::as_writable_bytes(std::span(expected)).data());
      for (std::size_t i = 0; i < values.size(); ++i) {
        ASSERT_EQ(elements[i], expected[i]) << to_string(type) << " of " << values[i];
      }
    }
  }
}

// float16: 1 = 0x3C00, last place 2^-10. bfloat16: 1 = 0x3F80, last place 2^-7.
TEST(ElementType, WorkedByHand) {
  const auto element = [](float value, ElementType type, Overflow overflow = Overflow::to_infinity) {
    std::uint16_t made = 0;
    from_float({&value, 1}, type, overflow, std::as_writable_bytes(std::span(&made, 1)).data());
    return made;
  };
  EXPECT_EQ(element(1.0f, ElementType::float16), 0x3C00);
  EXPECT_EQ(element(1 + 0x1p-11f, ElementType::float16), 0x3C00);
  EXPECT_EQ(element(1 + 0x3p-11f, ElementType::float16), 0x3C02);
  EXPECT_EQ(element(0x1p-24f, ElementType::float16), 0x0001);
  EXPECT_EQ(element(0x1p-25f, ElementType::float16), 0x0000);
  EXPECT_EQ(element(70000.0f, ElementType::float16), 0x7C00);
  EXPECT_EQ(element(-70000.0f, ElementType::float16, Overflow::to_largest), 0xFBFF);
  EXPECT_EQ(element(-INFINITY, ElementType::float16, Overflow::to_largest), 0xFC00);
  EXPECT_EQ(element(NAN, ElementType::float16), 0x7E00);
  EXPECT_EQ(element(-1.0f, ElementType::bfloat16), 0xBF80);
  EXPECT_EQ(element(1 + 0x3p-8f, ElementType::bfloat16), 0x3F82);
  EXPECT_EQ(element(3.4e38f, ElementType::bfloat16), 0x7F80);
  EXPECT_EQ(element(3.4e38f, ElementType::bfloat16, Overflow::to_largest), 0x7F7F);
  EXPECT_EQ(element(NAN, ElementType::bfloat16), 0x7FC0);
}

TEST(ElementType, ElementsMayLieAnywhere) {
  for (const ElementType type : {ElementType::float32, ElementType::float16, ElementType::bfloat16}) {
    std::vector<std::byte> bytes(1 + 1000 * element_bytes(type));
    std::vector<float> values(1000), back(1000);
    for (std::size_t i = 0; i < 1000; ++i) values[i] = static_cast<float>(i % 256);
    from_float(values, type, Overflow::to_infinity, bytes.data() + 1);
    to_float(type, bytes.data() + 1, back);
    EXPECT_EQ(values, back);
  }
}

TEST(ElementType, HasNames) {
  for (const ElementType type : {ElementType::float32, ElementType::float16, ElementType::bfloat16}) {
    EXPECT_EQ(parse_element_type(to_string(type)), type);
  }
  EXPECT_THROW(parse_element_type("int8"), base::InputError);
}

}  // namespace
}  // namespace optinc::codec
