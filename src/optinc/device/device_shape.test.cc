#include "optinc/device/device_shape.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "optinc/base/error.h"
#include "optinc/codec/exact_average.h"
#include "optinc/device/testing.h"

namespace optinc::device {
namespace {

// (N (4^s - 1) + 1)^K, the input sets of Table I.
TEST(DeviceShape, CountsTheInputsOfTheFourScenariosOfTableOne) {
  EXPECT_EQ((DeviceShape{8, 4, 4}.input_count()), 28561u);      // 13^4
  EXPECT_EQ((DeviceShape{8, 8, 4}.input_count()), 390625u);     // 25^4
  EXPECT_EQ((DeviceShape{8, 16, 4}.input_count()), 5764801u);   // 49^4
  EXPECT_EQ((DeviceShape{16, 4, 4}.input_count()), 13845841u);  // 61^4
}

// M = 5, K = 2: s = 3, so input 2 has symbols 3..5 (64 levels) and input 1 the two most significant (16 levels).
// Steps: 4 * 15 + 1 = 61 and 4 * 63 + 1 = 253.
TEST(DeviceShape, TheFirstGroupTakesWhatIsLeft) {
  const DeviceShape shape{10, 4, 2};
  EXPECT_EQ(shape.symbols_per_input(), 3);
  EXPECT_EQ(shape.bits_of_input(0), 4);
  EXPECT_EQ(shape.bits_of_input(1), 6);
  EXPECT_EQ(shape.input_count(), 61u * 253u);
}

// B = 7: symbol 1 has two levels: N * 1 + 1 = 5 steps with 4 servers.
TEST(DeviceShape, OddBitsLeaveTheFirstSymbolTwoLevels) {
  EXPECT_EQ((DeviceShape{7, 4, 4}.input_count()), 5u * 13 * 13 * 13);
}

// N = 4: nearest-unbiased adds 1 or 2 steps on input K, so S_K runs from 1 to 12 + 2.
TEST(DeviceShape, NearestUnbiasedLiftsTheLastInput) {
  const DeviceShape shape{8, 4, 4, codec::Rounding::nearest_unbiased};
  EXPECT_EQ(shape.first_step(3), 1);
  EXPECT_EQ(shape.last_step(3), 14);
  EXPECT_EQ(shape.input_count(), 13u * 13 * 13 * 14);
}

void expect_refused(const DeviceShape& shape, const char* message) {
  try {
    shape.check();
    ADD_FAILURE() << "accepted: expected \"" << message << "\"";
  } catch (const base::InputError& error) {
    EXPECT_THAT(error.what(), testing::HasSubstr(message));
  }
}

TEST(DeviceShape, RefusesWhatCanNotBe) {
  expect_refused({1, 4, 1}, "bits 1: expected 2 .. 32");
  expect_refused({33, 4, 4}, "bits 33: expected 2 .. 32");
  expect_refused({8, 1, 4}, "servers 1: expected 2 .. 1024");
  expect_refused({8, 1025, 4}, "servers 1025: expected 2 .. 1024");
  expect_refused({8, 4, 5}, "inputs 5: expected 1 .. 4");
  // M = 5 in 4 groups of s = 2 would need 6 symbols before the first group.
  expect_refused({10, 4, 4}, "inputs 4: the 5 symbols of 10 bits in groups of 2 leave none");
  expect_refused({32, 4, 1}, "finer than float32 can tell");
}

// Level 2 at 8 bits and 4 ports: 13^3 steps of 1/4 and, on input K, 0 .. 3.75 in steps of 1/16 (paper section III-C).
TEST(DeviceShape, CountsTheInputsOfBothLevelsOfACascade) {
  EXPECT_EQ((DeviceShape{8, 4, 4, codec::Rounding::floor, onn::Role::cascade_level_1}.input_count()), 28561u);
  EXPECT_EQ((DeviceShape{8, 4, 4, codec::Rounding::floor, onn::Role::cascade_level_2}.input_count()), 134017u);
}

// 8 bits, 4 ports: light of up to 2 steps of 1/4, or of 8 of 1/16.
TEST(DeviceShape, TheLatticeOfEveryRoundingReachesHigherByTheMostLight) {
  DeviceShape shape{.every_rounding = true};
  EXPECT_EQ(shape.last_step(3), 12 + 2);
  EXPECT_EQ(shape.last_step(2), 12);
  shape.role = onn::Role::cascade_level_2;
  EXPECT_EQ(shape.last_step(3), 60 + 8);
}

// A = 0, 0, 1.25, 3.5 of 4 ports is S = 5 * 4 + 14 = 34 quarters: 8.5. Level 1 hands on 0, 0, 2, 0.5.
TEST(DeviceShape, Level1HandsTheDecimalsOnWithTheLastSymbol) {
  const DeviceShape shape{8, 4, 4, codec::Rounding::floor, onn::Role::cascade_level_1};
  const std::vector<std::int32_t> steps{0, 0, 5, 14};
  EXPECT_EQ(shape.exact_code(steps.data()), 34u);
  std::vector<float> levels(4);
  shape.levels_of_code(34, levels.data());
  EXPECT_THAT(levels, testing::ElementsAre(0, 0, 2, 0.5f));
}

TEST(DeviceShape, Level1LeavesRoundingToLevel2) {
  expect_refused({8, 4, 4, codec::Rounding::nearest, onn::Role::cascade_level_1},
                 "expected floor, since level 2 rounds");
}

// Codes of N x N servers: level 1 gives N averages with decimals, and level 2 rounds their mean as the oracle would.
// 2 bits, 2 servers, level 2: S_1 in quarters up to 3 * 4 + 1 * 2 = 14; (14 + 2) / 4 = 4 is no 2-bit code.
TEST(DeviceShape, NearestRoundingStaysAtTheHighestCode) {
  const DeviceShape shape{2, 2, 1, codec::Rounding::nearest, onn::Role::cascade_level_2};
  const std::int32_t last = shape.last_step(0);
  EXPECT_EQ(last, 14);
  EXPECT_EQ(shape.exact_code(&last), 3u);
}

RC_GTEST_PROP(DeviceShapeProperty, TheCodesOfManyAreThoseOfEach, ()) {
  const DeviceShape shape = arbitrary_shape(/*most_bits=*/10, /*most_servers=*/9, arbitrary_role());
  const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(shape.input_count(), 100));
  std::vector<std::int32_t> steps(count * shape.inputs);
  std::vector<std::uint32_t> codes(count);
  std::vector<float> levels(count * shape.symbols()), one(shape.symbols());
  shape.enumerate_steps(shape.input_count() - count, count, steps.data());
  shape.exact_codes(count, steps.data(), codes.data());
  shape.levels_of_codes(count, codes.data(), levels.data());
  for (std::size_t i = 0; i < count; ++i) {
    RC_ASSERT(codes[i] == shape.exact_code(steps.data() + i * shape.inputs));
    shape.levels_of_code(codes[i], one.data());
    for (int m = 0; m < shape.symbols(); ++m) RC_ASSERT(levels[i * shape.symbols() + m] == one[m]);
  }
}

RC_GTEST_PROP(DeviceShapeProperty, TwoLevelsMakeTheExactAverageOfAllServers, ()) {
  DeviceShape level_2 = arbitrary_shape(/*most_bits=*/12, /*most_servers=*/5, onn::Role::cascade_level_2);
  const int ports = level_2.servers;
  DeviceShape level_1 = level_2;
  level_1.role = onn::Role::cascade_level_1;
  level_1.rounding = codec::Rounding::floor;
  std::uint64_t sum = 0;
  std::vector<std::int32_t> steps_2(level_2.inputs);
  for (int device = 0; device < ports; ++device) {
    std::vector<std::int32_t> steps_1(level_1.inputs);
    for (int server = 0; server < ports; ++server) {
      const auto code = *rc::gen::inRange<std::uint32_t>(0, 1u << level_1.bits);
      sum += code;
      for (int k = 0; k < level_1.inputs; ++k) {
        steps_1[k] +=
            static_cast<std::int32_t>(code >> level_1.shift_of_input(k) & ((1u << level_1.bits_of_input(k)) - 1));
      }
    }
    const std::uint32_t average = level_1.exact_code(steps_1.data());
    std::vector<float> levels(level_1.symbols());
    level_1.levels_of_code(average, levels.data());
    // Unit P of level 2, in steps: whole levels for inputs 1 .. K-1, decimals with the last.
    for (int k = 0; k < level_2.inputs; ++k) {
      double level = 0;
      const int first = level_2.symbols() - level_2.symbols_per_input() * (level_2.inputs - k);
      for (int m = std::max(first, 0); m < first + level_2.symbols_per_input(); ++m) level = 4 * level + levels[m];
      steps_2[k] += static_cast<std::int32_t>(std::lround(level * (level_2.steps_per_level(k) / ports)));
    }
  }
  const int bit = *rc::gen::inRange(0, 2);
  steps_2.back() += level_2.light_of_preprocessing(bit);
  for (int k = 0; k < level_2.inputs; ++k) RC_ASSERT(steps_2[k] <= level_2.last_step(k));
  RC_ASSERT(level_2.exact_code(steps_2.data()) == codec::exact_average(sum, ports * ports, level_2.rounding, bit));
}

RC_GTEST_PROP(DeviceShapeProperty, InputsAreNumberedInOrderAndBack, ()) {
  const DeviceShape shape = arbitrary_shape(/*most_bits=*/10, /*most_servers=*/9, arbitrary_role());
  const std::uint64_t all = shape.input_count();
  const auto first = *rc::gen::inRange<std::uint64_t>(0, all);
  const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(all - first, 100));
  std::vector<std::int32_t> steps(count * shape.inputs);
  shape.enumerate_steps(first, count, steps.data());
  for (std::size_t i = 0; i < count; ++i) {
    RC_ASSERT(shape.index_of_steps(steps.data() + i * shape.inputs) == first + i);
    for (int k = 0; k < shape.inputs; ++k) {
      RC_ASSERT(steps[i * shape.inputs + k] >= shape.first_step(k));
      RC_ASSERT(steps[i * shape.inputs + k] <= shape.last_step(k));
    }
  }
}

}  // namespace
}  // namespace optinc::device
