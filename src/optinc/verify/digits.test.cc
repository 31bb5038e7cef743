#include "optinc/verify/digits.h"

#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace optinc::verify {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// 8 bits, 4 servers, 4 inputs: A_k = 0 .. 3 in quarters, a digit before the point and one behind it. Positions 3 .. 0
// are those of the symbols, -1 that of A_4's quarters.
TEST(Digits, OfEightBitsAndFourServers) {
  const Digits digits({.bits = 8, .servers = 4, .inputs = 4});
  EXPECT_EQ(digits.unit(0), 3);
  EXPECT_EQ(digits.highest(0), 0);
  EXPECT_EQ(digits.finest(0), -1);
  EXPECT_EQ(digits.digit(0, 0, 2.75), 2);
  EXPECT_EQ(digits.digit(0, -1, 2.75), 3);
  EXPECT_EQ(digits.rest(0, -1, 2.75), 0.75);
  EXPECT_THAT(digits.inputs_at(3), ElementsAre(0));
  EXPECT_THAT(digits.inputs_at(2), ElementsAre(0, 1));
  EXPECT_THAT(digits.inputs_at(-1), ElementsAre(3));
  EXPECT_THAT(digits.inputs_at(-2), IsEmpty());
  EXPECT_EQ(digits.most_digit(0, 2), 3);
  EXPECT_EQ(digits.most_carry(-1), 0);  // quarters of one input
  EXPECT_EQ(digits.most_carry(0), 1);   // 3 + 3
  EXPECT_EQ(digits.most_carry(3), 0);   // no average is over 255
}

TEST(Digits, NearestBringsItsLight) {
  const Digits digits({.bits = 8, .servers = 4, .inputs = 4, .rounding = codec::Rounding::nearest});
  EXPECT_EQ(digits.bias_light(3), 0.5);
  EXPECT_EQ(digits.most(3), 3.5);
  EXPECT_EQ(digits.bias_light(0), 0);
}

TEST(Digits, AnOddNumberOfBitsHasAFirstSymbolOfTwoLevels) {
  const Digits digits({.bits = 7, .servers = 2, .inputs = 4});
  EXPECT_EQ(digits.levels(3), 2);
  EXPECT_EQ(digits.levels(2), 4);
}

TEST(Digits, ALevelOneHandsOnItsDecimals) {
  const Digits digits({.bits = 4, .servers = 8, .inputs = 2, .role = onn::Role::cascade_level_1});
  EXPECT_THAT(digits.decimals_of(0), ElementsAre(-2, -1));
  EXPECT_THAT(digits.decimals_of(1), IsEmpty());
  EXPECT_EQ(digits.last_pitch(), 1.0 / 8);
}

RC_GTEST_PROP(DigitsProperty, AddUpToTheInput, ()) {
  const int bits = *rc::gen::inRange(2, 13);
  const device::DeviceShape shape{.bits = bits, .servers = 1 << *rc::gen::inRange(1, 7), .inputs = 1 + (bits > 2)};
  const Digits digits(shape);
  for (int k = 0; k < shape.inputs; ++k) {
    const double x = *rc::gen::inRange(0, shape.last_step(k) + 1) * digits.pitch(k);
    double sum = 0;
    for (int place = digits.finest(k); place <= digits.highest(k); ++place) {
      sum += digits.digit(k, place, x) * std::exp2(2 * place);
      RC_ASSERT(digits.digit(k, place, x) <= digits.most_digit(k, place + digits.unit(k)));
    }
    RC_ASSERT(sum == x);
  }
}

}  // namespace
}  // namespace optinc::verify
