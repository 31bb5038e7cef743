#include "optinc/verify/digits.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <vector>

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
  EXPECT_THAT(digits.addends_at(3), ElementsAre(0));
  EXPECT_THAT(digits.addends_at(2), ElementsAre(0, 1));
  EXPECT_THAT(digits.addends_at(-1), ElementsAre(3));
  EXPECT_THAT(digits.addends_at(-2), IsEmpty());
  EXPECT_EQ(digits.most_digits({0}, 2), 3);
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

// 4 bits, 3 servers, 2 inputs: x_2 = frac(A_2) + 4 frac(A_1) in thirds. It has a digit up to 4, in the unit of A_2.
TEST(Digits, OfServersThatAreNoPowerOfTwoHaveRemainders) {
  const Digits digits({.bits = 4, .servers = 3, .inputs = 2});
  EXPECT_TRUE(digits.has_remainders());
  EXPECT_TRUE(digits.is_addend(-1));
  EXPECT_FALSE(digits.is_addend(-2));
  EXPECT_EQ(digits.remainder(-1)->of, 1);
  EXPECT_EQ(digits.remainder(-1)->before, 0);
  EXPECT_NEAR(digits.most(-1), 2.0 / 3 + 4 * 2.0 / 3, 1e-15);
  EXPECT_EQ(digits.digit(-1, 0, 3.0 / 3), 1);
  EXPECT_EQ(digits.digit(-1, 0, 10 * digits.pitch(-1)), 3);
  EXPECT_NEAR(digits.rest(-1, -1, 10 * digits.pitch(-1)), 1.0 / 3, 1e-15);
  EXPECT_THAT(digits.addends_at(0), ElementsAre(-1, 1));
  EXPECT_EQ(digits.most_digits({-1}, 0), 3);     // 10/3
  EXPECT_EQ(digits.most_digits({-1, 1}, 0), 5);  // 3 + 4 * 2/3
  EXPECT_EQ(digits.most_carry(0), 1);
  EXPECT_EQ(digits.most_carry(1), 0);
}

/// The code of the inputs, from the addends' digits alone.
double code_of_digits(const Digits& digits, std::vector<double> rests) {
  const device::DeviceShape& shape = digits.shape();
  double code = 0;
  std::map<int, double> decimals;
  const auto take = [&](int a, double x) {
    for (int place = 0; place <= digits.highest(a); ++place) {
      code += digits.digit(a, place, x) * std::exp2(2 * (place + digits.unit(a)));
    }
    decimals[a] = digits.rest(a, -1, x);
  };
  for (int k = 0; k < shape.inputs; ++k) take(k, rests[k]);
  for (int a = -1; digits.is_addend(a); --a) {
    const auto [of, before] = *digits.remainder(a);
    take(a, decimals[of] + std::exp2(2 * digits.highest(a) + 2) * decimals[before]);
  }
  return code;
}

RC_GTEST_PROP(DigitsProperty, OfInputsAndRemaindersAddUpToTheCode, ()) {
  const int bits = *rc::gen::inRange(2, 17);
  const int most_inputs = (bits + 1) / 2;
  device::DeviceShape shape{.bits = bits, .servers = *rc::gen::element(3, 5, 6, 7, 12, 48, 100, 1000)};
  shape.inputs = *rc::gen::element(most_inputs, (most_inputs + 1) / 2);
  const Digits digits(shape);
  std::vector<int> steps;
  std::vector<double> x;
  for (int k = 0; k < shape.inputs; ++k) {
    steps.push_back(*rc::gen::inRange(0, shape.last_step(k) + 1));
    x.push_back(static_cast<double>(steps.back()) / shape.servers);
  }
  RC_ASSERT(code_of_digits(digits, x) == shape.exact_code(steps.data()));
}

/// The addends' values for steps S [K].
std::map<int, double> addends_of(const Digits& digits, const std::vector<int>& steps) {
  const device::DeviceShape& shape = digits.shape();
  std::map<int, double> values;
  for (int k = 0; k < shape.inputs; ++k) {
    values[k] = static_cast<double>(steps[k]) / shape.steps_per_level(k) + digits.bias_light(k);
  }
  for (int a = -1; digits.is_addend(a); --a) {
    const auto [of, before] = *digits.remainder(a);
    values[a] = digits.rest(of, -1, values[of]) +
                std::exp2(2 * digits.highest(a) + 2) * digits.rest(before, -1, values[before]);
  }
  return values;
}

// What a proof takes as the most is the most: of every digit, sum of digits, and carry. Level 2 of a cascade of many
// servers carries 2.
RC_GTEST_PROP(DigitsProperty, NothingIsMoreThanTheMost, ()) {
  const auto role = *rc::gen::element(onn::Role::single, onn::Role::cascade_level_1, onn::Role::cascade_level_2);
  device::DeviceShape shape{.bits = *rc::gen::inRange(2, 11), .servers = *rc::gen::inRange(2, 60), .role = role};
  shape.inputs = *rc::gen::element(shape.symbols(), (shape.symbols() + 1) / 2);
  RC_PRE(shape.bits_of_input(0) >= 1);
  if (role != onn::Role::cascade_level_1)
    shape.rounding = *rc::gen::element(codec::Rounding::floor, codec::Rounding::nearest);
  for (int k = 0; k < shape.inputs; ++k) RC_PRE(shape.last_step(k) < (1 << 21));
  const Digits digits(shape);
  std::vector<int> steps;
  for (int k = 0; k < shape.inputs; ++k) {
    const int last = shape.last_step(k);
    steps.push_back(*rc::gen::oneOf(
        rc::gen::element(last, last - 1, std::max(0, last - shape.steps_per_level(k) + 1), shape.servers - 1),
        rc::gen::inRange(0, last + 1)));
    RC_PRE(steps.back() <= last);
  }
  const std::map<int, double> values = addends_of(digits, steps);
  double carry = 0;
  for (int position = digits.lowest(); position <= digits.top(); ++position) {
    double sum = 0;
    for (const int a : digits.addends_at(position)) {
      const double digit = digits.digit(a, position - digits.unit(a), values.at(a));
      RC_ASSERT(digit <= digits.most_digits({a}, position));
      sum += digit;
    }
    RC_ASSERT(sum <= digits.most_digits(digits.addends_at(position), position));
    carry = std::floor((sum + carry) / digits.levels(position));
    RC_ASSERT(carry <= digits.most_carry(position));
  }
  for (const auto& [a, value] : values) {
    RC_ASSERT(value <= digits.most(a) + 1e-9);
    for (int place = digits.has_remainders() ? -1 : digits.finest(a); place <= digits.highest(a); ++place) {
      RC_ASSERT(digits.rest(a, place, value) <= digits.most_rest(a, place) + 1e-9);
    }
  }
}

TEST(Digits, ManyServersCarryTwo) {
  const Digits digits({.bits = 6,
                       .servers = 34,
                       .inputs = 3,
                       .rounding = codec::Rounding::nearest,
                       .role = onn::Role::cascade_level_2});
  EXPECT_EQ(digits.most_carry(0), 2);
  EXPECT_EQ(digits.most_carry(1), 2);
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
      RC_ASSERT(digits.digit(k, place, x) <= digits.most_digits({k}, place + digits.unit(k)));
    }
    RC_ASSERT(sum == x);
  }
}

}  // namespace
}  // namespace optinc::verify
