#include "optinc/linalg/polar.h"

#include <cmath>
#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "optinc/base/error.h"
#include "optinc/base/random.h"

namespace optinc::linalg {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;

Matrix random_matrix(int rows, int columns, std::uint64_t seed) {
  const base::CounterStream stream(seed, 0);
  Matrix result(rows, columns);
  for (Eigen::Index i = 0; i < result.size(); ++i) {
    result.data()[i] = 2 * stream.uniform(static_cast<std::uint64_t>(i)) - 1;
  }
  return result;
}

std::uint64_t any_seed() {
  return *rc::gen::arbitrary<std::uint64_t>();
}

RC_GTEST_PROP(NearestOrthogonal, IsOrthogonal, ()) {
  const int size = *rc::gen::inRange(1, 40);
  RC_ASSERT(orthogonality_error(nearest_orthogonal(random_matrix(size, size, any_seed()))) < 1e-13);
}

RC_GTEST_PROP(NearestOrthogonal, IsNearerThanOtherOrthogonalMatrices, ()) {
  const int size = *rc::gen::inRange(1, 12);
  const Matrix a = random_matrix(size, size, any_seed());
  const Matrix nearest = nearest_orthogonal(a);
  const Matrix other = random_orthogonal(size, any_seed(), 1);
  RC_ASSERT((a - nearest).norm() <= (a - other).norm() + 1e-12);
  // And than its own neighbours: nearest, turned by a small angle in the plane of two axes.
  if (size >= 2) {
    const double angle_rad = 1e-3;
    Matrix turn = Matrix::Identity(size, size);
    turn(0, 0) = turn(1, 1) = std::cos(angle_rad);
    turn(0, 1) = -(turn(1, 0) = std::sin(angle_rad));
    RC_ASSERT((a - nearest).norm() <= (a - nearest * turn).norm() + 1e-12);
  }
}

RC_GTEST_PROP(NearestOrthogonal, LeavesAnOrthogonalMatrixAlone, ()) {
  const Matrix q = random_orthogonal(*rc::gen::inRange(1, 40), any_seed(), 2);
  RC_ASSERT((nearest_orthogonal(q) - q).cwiseAbs().maxCoeff() < 1e-13);
}

// a = H U with H = a a^T's square root: a times the transposed factor is symmetric and positive semidefinite.
RC_GTEST_PROP(NearestOrthogonal, IsThePolarFactor, ()) {
  const int size = *rc::gen::inRange(1, 20);
  const Matrix a = random_matrix(size, size, any_seed());
  const Matrix h = a * nearest_orthogonal(a).transpose();
  RC_ASSERT((h - h.transpose()).cwiseAbs().maxCoeff() < 1e-12);
  const Eigen::VectorXd x = random_matrix(size, 1, any_seed()).col(0);
  RC_ASSERT(x.dot(h * x) > -1e-12);
}

// A turn by 90 degrees, stretched: [0 -3; 2 0] is nearest to [0 -1; 1 0].
TEST(NearestOrthogonal, OfAStretchedTurnIsTheTurn) {
  Matrix a(2, 2);
  a << 0, -3, 2, 0;
  Matrix turn(2, 2);
  turn << 0, -1, 1, 0;
  EXPECT_LT((nearest_orthogonal(a) - turn).norm(), 1e-15);
}

TEST(NearestOrthogonal, OfASingularMatrixIsOrthogonal) {
  const Matrix column = random_matrix(30, 1, 1);
  Matrix twins = random_matrix(30, 30, 2);
  twins.row(7) = twins.row(19);
  Matrix with_zero_rows = random_matrix(30, 30, 3);
  with_zero_rows.topRows(11).setZero();
  for (const Matrix& a : {Matrix(Matrix::Zero(30, 30)), Matrix(column * column.transpose()), twins, with_zero_rows,
                          Matrix(Matrix::Ones(30, 30))}) {
    EXPECT_LT(orthogonality_error(nearest_orthogonal(a)), 1e-13);
  }
}

TEST(NearestOrthogonal, DoesNotDependOnScale) {
  const Matrix a = random_matrix(20, 20, 4);
  for (const double scale : {0x1p-900, 0x1p-60, 0x1p60, 0x1p900}) {
    EXPECT_LT((nearest_orthogonal(a * scale) - nearest_orthogonal(a)).cwiseAbs().maxCoeff(), 1e-12) << scale;
  }
}

TEST(NearestOrthogonal, HoldsAtTheSizesOfLargeLayers) {
  EXPECT_LT(orthogonality_error(nearest_orthogonal(random_matrix(256, 256, 5))), 1e-12);
}

TEST(NearestOrthogonal, RefusesWhatIsNotSquare) {
  EXPECT_THAT([] { nearest_orthogonal(Matrix::Zero(2, 3)); },
              ThrowsMessage<base::InputError>(HasSubstr("2 x 3 matrix: expected a square one")));
}

TEST(NearestOrthogonal, RefusesNanAndInf) {
  for (const double bad : {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity()}) {
    Matrix a = Matrix::Identity(4, 4);
    a(2, 1) = bad;
    EXPECT_THAT([&] { nearest_orthogonal(a); }, ThrowsMessage<base::InputError>(HasSubstr("NaN or Inf")));
  }
}

// [1 0.5; 0 1]: the product with its transpose is [1.25 0.5; 0.5 1].
TEST(OrthogonalityError, IsTheLargestEntry) {
  Matrix a(2, 2);
  a << 1, 0.5, 0, 1;
  EXPECT_DOUBLE_EQ(orthogonality_error(a), 0.5);
}

RC_GTEST_PROP(RandomOrthogonal, IsOrthogonalAndRepeats, ()) {
  const int size = *rc::gen::inRange(1, 40);
  const std::uint64_t seed = any_seed();
  const Matrix q = random_orthogonal(size, seed, 0);
  RC_ASSERT(orthogonality_error(q) < 1e-13);
  RC_ASSERT(q == random_orthogonal(size, seed, 0));
  RC_ASSERT(size == 1 || q != random_orthogonal(size, seed, 1));
  RC_ASSERT(size == 1 || q != random_orthogonal(size, seed + 1, 0));
}

// Under the Haar measure an entry has mean 0 and E[x^2] = 1/n, and the trace has mean 0 and variance 1. The seeds are
// fixed; the bounds are five standard errors of 2,000 draws. (Without the signs of R, the trace's mean is far from 0.)
TEST(RandomOrthogonal, HasTheMomentsOfTheHaarMeasure) {
  constexpr int kSize = 5;
  constexpr int kDraws = 2000;
  double trace = 0;
  double trace_squared = 0;
  double corner = 0;
  double corner_squared = 0;
  for (std::uint64_t seed = 0; seed < kDraws; ++seed) {
    const Matrix q = random_orthogonal(kSize, seed, 3);
    trace += q.trace() / kDraws;
    trace_squared += q.trace() * q.trace() / kDraws;
    corner += q(0, 0) / kDraws;
    corner_squared += q(0, 0) * q(0, 0) / kDraws;
  }
  const double root = std::sqrt(kDraws);
  EXPECT_NEAR(trace, 0, 5 / root);
  EXPECT_NEAR(trace_squared, 1, 5 * std::sqrt(2.0) / root);  // E[tr^4] = 3
  EXPECT_NEAR(corner, 0, 5 * std::sqrt(1.0 / kSize) / root);
  // Var[x^2] = E[x^4] - 1/n^2 with E[x^4] = 3 / (n (n + 2)).
  EXPECT_NEAR(corner_squared, 1.0 / kSize, 5 * std::sqrt(3.0 / (kSize * (kSize + 2)) - 1.0 / (kSize * kSize)) / root);
}

TEST(RandomOrthogonal, RefusesSizeZero) {
  EXPECT_THAT([] { random_orthogonal(0, 1, 1); }, ThrowsMessage<base::InputError>(HasSubstr("size 0")));
}

}  // namespace
}  // namespace optinc::linalg
