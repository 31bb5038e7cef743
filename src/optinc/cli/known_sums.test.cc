#include "optinc/cli/known_sums.h"

#include <cmath>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace optinc::cli {
namespace {

using codec::ElementType;

/// Rounded to the type and back.
float rounded(float value, ElementType type) {
  std::byte bytes[sizeof(float)];
  codec::from_float({&value, 1}, type, codec::Overflow::to_infinity, bytes);
  codec::to_float(type, bytes, {&value, 1});
  return value;
}

RC_GTEST_PROP(KnownSums, InputsAndAllPartialSumsAreExactInTheType, ()) {
  const auto type = *rc::gen::element(ElementType::float32, ElementType::float16, ElementType::bfloat16);
  const int ranks = *rc::gen::inRange(1, 65);
  const KnownSums known(type, ranks, *rc::gen::inRange<std::uint64_t>(0, 1000));
  const auto first = *rc::gen::inRange<std::uint64_t>(0, 1 << 30);
  std::vector<float> values(100), partial(100);
  std::vector<double> sums(100);
  for (int rank = 0; rank < ranks; ++rank) {
    known.inputs(rank, first, values);
    for (std::size_t i = 0; i < 100; ++i) {
      RC_ASSERT(rounded(values[i], type) == values[i]);
      partial[i] = rounded(partial[i] + values[i], type);
      sums[i] += values[i];
    }
  }
  for (std::size_t i = 0; i < 100; ++i) RC_ASSERT(static_cast<double>(partial[i]) == sums[i]);
}

TEST(KnownSums, DoNotDependOnWhereARangeBegins) {
  const KnownSums known(ElementType::float32, 4, 1);
  std::vector<float> whole(100), tail(40);
  known.inputs(2, 1000, whole);
  known.inputs(2, 1060, tail);
  EXPECT_TRUE(std::equal(tail.begin(), tail.end(), whole.begin() + 60));
}

// A sum of four uniform numbers on -1/2 .. 1/2 has variance 1/3; k 2^-17 is half of it... times 2: (2 x 1/4)^2 / 3
// each.
TEST(KnownSums, AreBellShapedAbout0) {
  const KnownSums known(ElementType::float32, 4, 1);
  std::vector<float> values(100'000);
  known.inputs(0, 0, values);
  double sum = 0, squares = 0;
  for (const float value : values) {
    sum += value;
    squares += value * value;
    EXPECT_LE(std::abs(value), 1.0f);
  }
  EXPECT_NEAR(sum / 1e5, 0, 0.005);
  EXPECT_NEAR(squares / 1e5, 4.0 / 12 / 4, 0.002);
}

// Units in the last place of 1 and of 8 in float32: 2^-23 and 2^-20; in bfloat16 2^-7.
TEST(Deviation, CountsUnitsInTheLastPlaceAndNormalisedSquares) {
  Deviation deviation;
  deviation.add(ElementType::float32, std::vector<float>{1 + 0x1p-22f, 8 - 0x1p-20f}, std::vector<double>{1, 8});
  EXPECT_DOUBLE_EQ(deviation.ulp, 2);
  EXPECT_DOUBLE_EQ(deviation.nmse(), (0x1p-44 + 0x1p-40) / 65);
  Deviation other;
  other.add(ElementType::bfloat16, std::vector<float>{1.0625f}, std::vector<double>{1});
  EXPECT_DOUBLE_EQ(other.ulp, 8);
  deviation.add(other);
  EXPECT_DOUBLE_EQ(deviation.ulp, 8);
}

}  // namespace
}  // namespace optinc::cli
