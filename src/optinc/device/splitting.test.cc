#include "optinc/device/splitting.h"

#include <cmath>
#include <limits>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace optinc::device {
namespace {

using testing::ElementsAre;

TEST(Receiver, SnapsToTheNearestLevelHalfUp) {
  const std::vector<float> levels{0.49f, 0.5f, 2.49f, 2.5f,   // 0 1 2 3
                                  -7.0f, 9.0f, -0.2f, 3.4f};  // 0 3 0 3
  std::vector<std::uint32_t> codes(2);
  receive({8, 4, 4}, 2, levels.data(), codes.data());
  EXPECT_THAT(codes, ElementsAre(0b00'01'10'11, 0b00'11'00'11));
}

TEST(Receiver, NotANumberIsZeroAndInfinityTheTop) {
  const float nan = std::numeric_limits<float>::quiet_NaN(), infinity = std::numeric_limits<float>::infinity();
  const std::vector<float> levels{nan, infinity, -infinity, nan};
  std::vector<std::uint32_t> codes(1);
  receive({8, 4, 4}, 1, levels.data(), codes.data());
  EXPECT_THAT(codes, ElementsAre(0b00'11'00'00));
}

TEST(Receiver, TheFirstSymbolOfOddBitsHasTwoLevels) {
  const std::vector<float> levels{2.9f, 2.9f};
  std::vector<std::uint32_t> codes(1);
  receive({3, 4, 2}, 1, levels.data(), codes.data());
  EXPECT_THAT(codes, ElementsAre(0b1'11));
}

}  // namespace
}  // namespace optinc::device
