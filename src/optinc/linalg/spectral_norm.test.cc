#include "optinc/linalg/spectral_norm.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace optinc::linalg {
namespace {

// [3 0; 4 0] takes (1, 0) to (3, 4): length 5.
TEST(SpectralNorm, WorkedByHand) {
  Matrix a(2, 2);
  a << 3, 0, 4, 0;
  EXPECT_NEAR(spectral_norm(a), 5, 1e-8);
  EXPECT_GE(spectral_norm(a), 5);
}

RC_GTEST_PROP(SpectralNorm, OfAScaledOrthogonalMatrixIsTheLargestScale, ()) {
  const int size = *rc::gen::inRange(1, 40);
  const Matrix rows = random_orthogonal(size, 1, size);
  Matrix scaled = rows;
  for (int i = 0; i < size; ++i) scaled.row(i) *= i + 1;
  RC_ASSERT(std::abs(spectral_norm(scaled) - size) < 1e-7 * size);
}

}  // namespace
}  // namespace optinc::linalg
