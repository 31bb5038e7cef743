#include "optinc/linalg/blas.h"

#include <cmath>
#include <limits>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "optinc/base/random.h"

namespace optinc::linalg {
namespace {

using testing::ElementsAre;

std::vector<float> random_numbers(std::size_t count, std::uint64_t seed) {
  const base::CounterStream stream(seed, 0);
  std::vector<float> numbers(count);
  for (std::size_t i = 0; i < count; ++i) numbers[i] = static_cast<float>(2 * stream.uniform(i) - 1);
  return numbers;
}

// [1 2 3; 4 5 6] * [1 0 1; 2 1 0]^T = [1+3, 2+2; 4+6, 8+5].
TEST(MultiplyTransposed, MultipliesRowsByRows) {
  const std::vector<float> a = {1, 2, 3, 4, 5, 6};
  const std::vector<float> b = {1, 0, 1, 2, 1, 0};
  std::vector<float> c(4);
  multiply_transposed(2, 2, 3, a.data(), b.data(), c.data());
  EXPECT_THAT(c, ElementsAre(4, 4, 10, 13));
}

TEST(MultiplyTransposed, TakesDoublesToo) {
  const std::vector<double> a = {1, 2, 3, 4, 5, 6};
  const std::vector<double> b = {1, 0, 1, 2, 1, 0};
  std::vector<double> c(4, 1);
  multiply_transposed(2, 2, 3, a.data(), b.data(), c.data(), 1.0);
  EXPECT_THAT(c, ElementsAre(5, 5, 11, 14));
}

TEST(MultiplyTransposed, OverwritesWhateverWasThere) {
  const float a = 3;
  const float b = 5;
  float c = std::numeric_limits<float>::quiet_NaN();
  multiply_transposed(1, 1, 1, &a, &b, &c);
  EXPECT_EQ(c, 15);
}

RC_GTEST_PROP(MultiplyTransposed, EqualsPlainLoops, ()) {
  const auto m = *rc::gen::inRange<std::size_t>(1, 70);
  const auto n = *rc::gen::inRange<std::size_t>(1, 70);
  const auto k = *rc::gen::inRange<std::size_t>(1, 400);
  const std::vector<float> a = random_numbers(m * k, 1 + k);
  const std::vector<float> b = random_numbers(n * k, 1000 + k);
  std::vector<float> c(m * n);
  multiply_transposed(m, n, k, a.data(), b.data(), c.data());
  for (std::size_t i = 0; i < m; ++i) {
    for (std::size_t j = 0; j < n; ++j) {
      double sum = 0;
      double magnitude = 0;
      for (std::size_t l = 0; l < k; ++l) {
        const double product = double{a[i * k + l]} * double{b[j * k + l]};
        sum += product;
        magnitude += std::abs(product);
      }
      // The bound of a sum of k products in any order: k units of rounding, 2^-24 each.
      RC_ASSERT(std::abs(c[i * n + j] - sum) <= static_cast<double>(k) * 0x1p-24 * magnitude);
    }
  }
}

}  // namespace
}  // namespace optinc::linalg
