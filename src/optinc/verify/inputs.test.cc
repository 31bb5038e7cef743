#include "optinc/verify/inputs.h"

#include <set>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "optinc/device/testing.h"

namespace optinc::verify {
namespace {

struct Drawn {
  std::vector<std::uint64_t> numbers;
  std::vector<std::int32_t> steps;
};

Drawn draw(const device::DeviceShape& shape, std::uint64_t first, std::size_t count) {
  Drawn drawn{std::vector<std::uint64_t>(count), std::vector<std::int32_t>(count * shape.inputs)};
  draw_inputs(shape, /*seed=*/7, first, count, drawn.numbers.data(), drawn.steps.data());
  return drawn;
}

void expect_within(const device::DeviceShape& shape, const Drawn& drawn) {
  for (std::size_t i = 0; i < drawn.steps.size(); ++i) {
    const int k = static_cast<int>(i % static_cast<std::size_t>(shape.inputs));
    ASSERT_GE(drawn.steps[i], shape.first_step(k));
    ASSERT_LE(drawn.steps[i], shape.last_step(k));
  }
}

// A draw does not depend on which others are drawn with it.
void expect_same_in_parts(const device::DeviceShape& shape) {
  const Drawn whole = draw(shape, 0, 20), part = draw(shape, 13, 5);
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(part.numbers[i], whole.numbers[13 + i]);
    for (int k = 0; k < shape.inputs; ++k) {
      EXPECT_EQ(part.steps[i * shape.inputs + k], whole.steps[(13 + i) * shape.inputs + k]);
    }
  }
}

TEST(Inputs, AreDrawnByTheirNumbers) {
  const device::DeviceShape shape{.bits = 8, .servers = 4, .inputs = 4};
  EXPECT_TRUE(are_numbered(shape));
  EXPECT_EQ(possible_inputs(shape), 28561);
  const Drawn drawn = draw(shape, 0, 1000);
  expect_within(shape, drawn);
  for (std::size_t i = 0; i < 1000; ++i) {
    EXPECT_EQ(drawn.numbers[i], shape.index_of_steps(drawn.steps.data() + i * shape.inputs));
  }
  expect_same_in_parts(shape);
}

// 32 bits, 12 servers: 37^16 inputs. Every S_k is drawn by itself, and takes every value.
TEST(Inputs, AreDrawnWhereTheyHaveNoNumbers) {
  const device::DeviceShape shape{
      .bits = 32, .servers = 12, .inputs = 16, .rounding = codec::Rounding::nearest_unbiased};
  EXPECT_FALSE(are_numbered(shape));
  const Drawn drawn = draw(shape, 0, 2000);
  expect_within(shape, drawn);
  for (int k = 0; k < shape.inputs; ++k) {
    std::set<std::int32_t> seen;
    for (std::size_t i = 0; i < 2000; ++i) seen.insert(drawn.steps[i * shape.inputs + k]);
    EXPECT_EQ(seen.size(), static_cast<std::size_t>(shape.last_step(k) - shape.first_step(k) + 1));
  }
  expect_same_in_parts(shape);
}

}  // namespace
}  // namespace optinc::verify
