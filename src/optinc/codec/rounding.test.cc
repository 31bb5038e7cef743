#include "optinc/codec/rounding.h"

#include <gtest/gtest.h>

#include "optinc/base/error.h"

namespace optinc::codec {
namespace {

TEST(Rounding, NamesGoThereAndBack) {
  for (const Rounding rounding : {Rounding::floor, Rounding::nearest, Rounding::nearest_unbiased}) {
    EXPECT_EQ(parse_rounding(to_string(rounding)), rounding);
  }
  EXPECT_EQ(to_string(Rounding::nearest_unbiased), "nearest-unbiased");
}

TEST(Rounding, AnUnknownNameIsRefusedWithTheNamesThatExist) {
  try {
    parse_rounding("up");
    FAIL();
  } catch (const base::InputError& error) {
    EXPECT_STREQ(error.what(), "rounding \"up\": expected floor, nearest or nearest-unbiased");
  }
}

TEST(RoundingBits, AWordHoldsTheBitsOf32Elements) {
  const RoundingBits bits(9);
  for (std::uint64_t element = 0; element < 100; ++element) {
    EXPECT_EQ(bits.bit(element), static_cast<int>(bits.word(element / 32) >> element % 32 & 1u));
  }
}

// n fair bits: their sum has standard deviation sqrt(n) / 2; five of those is a chance of 6e-7.
TEST(RoundingBits, AreFair) {
  const RoundingBits bits(2);
  constexpr int kCount = 40000;
  int ones = 0;
  for (int element = 0; element < kCount; ++element) ones += bits.bit(element);
  EXPECT_NEAR(ones, kCount / 2, 5 * 100);
}

TEST(RoundingBits, DifferWithTheSeed) {
  int equal = 0;
  for (std::uint64_t index = 0; index < 8; ++index) equal += RoundingBits(1).word(index) == RoundingBits(2).word(index);
  EXPECT_EQ(equal, 0);
}

}  // namespace
}  // namespace optinc::codec
