#include "optinc/design/permutation.h"

#include <cmath>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace optinc::design {
namespace {

RC_GTEST_PROP(Permutation, HasEveryNumberOnce, ()) {
  const auto n = *rc::gen::inRange<std::uint32_t>(1, 3000);
  const Permutation order(n, *rc::gen::arbitrary<std::uint64_t>(), *rc::gen::arbitrary<std::uint64_t>());
  std::vector<bool> seen(n);
  for (std::uint32_t i = 0; i < n; ++i) {
    const std::uint32_t image = order(i);
    RC_ASSERT(image < n);
    RC_ASSERT(!seen[image]);
    seen[image] = true;
  }
}

// Under a random order the count of fixed points is Poisson with mean 1 and rises |image(i+1) > image(i)| are n/2 with
// variance n/12: five standard deviations, a chance of 6e-7.
TEST(Permutation, LooksRandom) {
  constexpr std::uint32_t kSize = 390625;
  const Permutation order(kSize, 1, 0), other(kSize, 1, 1);
  int rises = 0, same = 0;
  for (std::uint32_t i = 0; i + 1 < kSize; ++i) {
    rises += order(i) < order(i + 1) ? 1 : 0;
    same += order(i) == other(i) ? 1 : 0;
  }
  EXPECT_NEAR(rises, kSize / 2.0, 5 * std::sqrt(kSize / 12.0));
  EXPECT_LT(same, 12);
}

}  // namespace
}  // namespace optinc::design
