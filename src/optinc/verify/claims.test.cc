#include "optinc/verify/claims.h"

#include <cmath>
#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace optinc::verify {
namespace {

using testing::HasSubstr;

// 4 bits, 3 servers, 2 inputs: A_1, A_2, and the remainder of input 2, number -1.
const Claims kThirds({.bits = 4, .servers = 3, .inputs = 2});
const Claims kQuarters({.bits = 8, .servers = 4, .inputs = 4});

Signal rest(int input, int place) {
  return {.meaning = Meaning::rest, .input = input, .place = place};
}
Signal digit(int position, std::vector<int> inputs, bool carry_in = false, bool carry_out = false) {
  return {.meaning = Meaning::digit,
          .position = position,
          .inputs = std::move(inputs),
          .carry_in = carry_in,
          .carry_out = carry_out};
}
Signal carry(int position) {
  return {.meaning = Meaning::carry, .position = position};
}
Signal state(int position) {
  return {.meaning = Meaning::state, .position = position};
}
Signal symbol(int position) {
  return {.meaning = Meaning::symbol, .position = position};
}

std::string refusal(const std::function<void()>& act) {
  try {
    act();
  } catch (const Refusal& refusal) {
    return refusal.reason;
  }
  return "";
}

TEST(Claims, ARemainderIsDecimalsAndFourTimesThoseBefore) {
  const Signal own = rest(1, -1), before = rest(0, -1);
  const auto says = kThirds.part_from(digit(0, {-1}), {{&own, 1}, {&before, 4}});
  ASSERT_TRUE(says);
  EXPECT_EQ((*says)(10.0 / 3), 3);
  const auto left = kThirds.part_from(rest(-1, -1), {{&own, 1}, {&before, 4}});
  ASSERT_TRUE(left);
  EXPECT_NEAR((*left)(10.0 / 3), 1.0 / 3, 1e-15);
  EXPECT_FALSE(kThirds.part_from(digit(0, {-1}), {{&own, 1}, {&before, 3}}));
  EXPECT_FALSE(kThirds.part_from(digit(0, {-1}), {{&own, 4}, {&before, 1}}));
  EXPECT_FALSE(kThirds.part_from(digit(0, {-1}), {{&own, 1}, {&own, 4}}));
}

// One signal may be claimed twice, read from different wires: its sum with itself is not it.
TEST(Claims, ASignalCountsOnce) {
  const Signal whole = digit(1, {0, 1, 2, 3}), other = whole;
  const std::vector<int> at_0 = kQuarters.digits().addends_at(0);
  const Signal low = digit(0, at_0), low_again = low;
  EXPECT_TRUE(kQuarters.part_from(carry(0), {{&low, 1}}));
  EXPECT_FALSE(kQuarters.part_from(carry(0), {{&low, 1}, {&low_again, 1}}));
  const Signal t = state(1), t_again = t, in = carry(0);
  EXPECT_TRUE(kQuarters.part_from(carry(1), {{&in, 1}, {&t, 1}}));
  EXPECT_FALSE(kQuarters.part_from(carry(1), {{&in, 1}, {&t, 1}, {&t_again, 1}}));
  const Signal own = rest(1, -1), own_again = own;
  EXPECT_FALSE(kThirds.part_from(digit(0, {-1}), {{&own, 1}, {&own_again, 1}}));
  const Signal done = digit(3, kQuarters.digits().addends_at(3), /*carry_in=*/true), done_again = done;
  EXPECT_TRUE(kQuarters.part_from(symbol(3), {{&done, 1}}));
  EXPECT_FALSE(kQuarters.part_from(symbol(3), {{&done, 1}, {&done_again, 1}}));
}

// Two parts of a digit that both have the carry have it twice.
TEST(Claims, ACarryComesInOnce) {
  const std::vector<int> at_1 = kQuarters.digits().addends_at(1);
  ASSERT_EQ(at_1.size(), 2u);
  const Signal grown = digit(1, at_1, /*carry_in=*/true);
  EXPECT_EQ(kQuarters.parts_of(grown, {digit(1, {at_1[0]}, true), digit(1, {at_1[1]})}).size(), 2u);
  EXPECT_THAT(refusal([&] {
                kQuarters.parts_of(grown, {digit(1, {at_1[0]}, true), digit(1, {at_1[1]}, true)});
              }),
              HasSubstr("has a carry twice"));
  EXPECT_THAT(refusal([&] { kQuarters.parts_of(digit(1, {at_1[0]}), {digit(1, at_1)}); }),
              HasSubstr("has lost the digit of input"));
}

// The last digit is what remains, but not where decimals are left behind it.
TEST(Claims, WhatRemainsIsTheLastDigitForPowersOfTwoAlone) {
  const Claims fours({.bits = 4, .servers = 4, .inputs = 1}), thirds({.bits = 4, .servers = 3, .inputs = 1});
  const auto parts = [](const Claims& claims, int finest) {
    std::vector<Signal> alone{rest(0, 1)};
    for (int position = finest + 1; position <= 1; ++position) alone.push_back(digit(position, {0}));
    return claims.parts_of(digit(finest, {0}), alone);
  };
  EXPECT_EQ(parts(fours, -1).size(), 3u);  // the rest, less the digits at 1 and 0
  EXPECT_EQ(parts(thirds, 0).size(), 1u);  // to be read by thresholds
}

TEST(Claims, OfARestAreItAndTheDigitsTakenOffIt) {
  const Claims thirds({.bits = 4, .servers = 3, .inputs = 1});
  const Claims::Parts parts = thirds.parts_of(rest(0, -1), {rest(0, 1), digit(1, {0}), digit(0, {0})});
  ASSERT_EQ(parts.size(), 3u);
  EXPECT_EQ(parts[0].first, -4);
  EXPECT_EQ(parts[1].first, -1);
  EXPECT_EQ(parts[2].second.place, 1);
  EXPECT_THAT(refusal([&] {
                thirds.parts_of(rest(0, -1), {rest(0, 1), digit(1, {0})});
              }),
              HasSubstr("the digit at position 0 is missing"));
}

Signal shortfall(int input, int place, int threshold) {
  return {.meaning = Meaning::shortfall, .input = input, .place = place, .threshold = threshold, .readings = {{0, 1}}};
}

// The digit at place 0 of 0, 1/3, .. 3 grows at 1, 2 and 3; the decimals at every third.
TEST(Claims, WhatIsToldByShortfallsIsASumOfSteps) {
  const Claims thirds({.bits = 4, .servers = 3, .inputs = 2});
  const std::vector<Signal> ones{shortfall(0, 0, 3), shortfall(0, 0, 6), shortfall(0, 0, 9)};
  const Claims::Parts parts = thirds.parts_of(digit(1, {0}), ones);
  ASSERT_EQ(parts.size(), 3u);
  for (const auto& [factor, part] : parts) {
    EXPECT_EQ(factor, 1);
    EXPECT_EQ(part.meaning, Meaning::step);
  }
  EXPECT_EQ(parts[1].second.threshold, 6);
  const auto says = thirds.part_from(parts[1].second, {{&ones[1], 1}});
  ASSERT_TRUE(says);
  EXPECT_EQ((*says)(0), 1);
  EXPECT_EQ((*says)(1.0 / 3), 0);
  EXPECT_FALSE(thirds.part_from(parts[1].second, {{&ones[0], 1}}));

  // With the rest itself beside them, the decimals are what the digit leaves of it.
  std::vector<Signal> beside = ones;
  beside.push_back(rest(0, 0));
  EXPECT_EQ(thirds.parts_of(rest(0, -1), beside).size(), 4u);
  EXPECT_EQ(thirds.parts_of(rest(0, -1), {shortfall(0, -1, 1), shortfall(0, -1, 2)}).size(), 2u);
}

TEST(Claims, AThresholdThatIsMissingIsMissed) {
  const Claims thirds({.bits = 4, .servers = 3, .inputs = 2});
  EXPECT_THAT(refusal([&] {
                thirds.parts_of(digit(1, {0}), {shortfall(0, 0, 3), shortfall(0, 0, 9)});
              }),
              HasSubstr("nothing tells that there are 6 steps of the rest of input 1"));
  EXPECT_THAT(refusal([&] { thirds.parts_of(rest(0, -1), {shortfall(0, -1, 2)}); }),
              HasSubstr("nothing tells that there are 1 steps"));
}

TEST(Claims, AShortfallIsOfOneWireAndWithinItsRest) {
  const Claims thirds({.bits = 4, .servers = 3, .inputs = 2});
  EXPECT_EQ(refusal([&] { thirds.check(shortfall(0, 0, 9)); }), "");
  for (const int far : {0, -1, 1 << 20, std::numeric_limits<int>::max()}) {
    EXPECT_THAT(refusal([&] { thirds.check(shortfall(0, 0, far)); }), HasSubstr("expected 1 .. 1048575"));
  }
  Signal twice = shortfall(0, 0, 3);
  twice.readings.push_back({1, 1});
  EXPECT_THAT(refusal([&] { thirds.check(twice); }), HasSubstr("expected to be read from one wire"));
  Signal inverse = shortfall(0, 0, 3);
  inverse.readings[0].factor = -1;
  EXPECT_THAT(refusal([&] { thirds.check(inverse); }), HasSubstr("with a factor above 0"));
  EXPECT_THAT(refusal([&] { thirds.check({.meaning = Meaning::step, .threshold = 3}); }), HasSubstr("no claim"));
}

}  // namespace
}  // namespace optinc::verify
