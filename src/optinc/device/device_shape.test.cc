#include "optinc/device/device_shape.h"

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
  expect_refused({8, 1, 4}, "servers 1: expected 2 .. 64");
  expect_refused({8, 65, 4}, "servers 65: expected 2 .. 64");
  expect_refused({8, 4, 5}, "inputs 5: expected 1 .. 4");
  // M = 5 in 4 groups of s = 2 would need 6 symbols before the first group.
  expect_refused({10, 4, 4}, "inputs 4: the 5 symbols of 10 bits in groups of 2 leave none");
  expect_refused({32, 4, 1}, "finer than float32 can tell");
}

RC_GTEST_PROP(DeviceShapeProperty, InputsAreNumberedInOrderAndBack, ()) {
  const DeviceShape shape = arbitrary_shape(/*most_bits=*/10, /*most_servers=*/9);
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
