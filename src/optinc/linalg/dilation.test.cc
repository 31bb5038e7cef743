#include "optinc/linalg/dilation.h"

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

/// Entries -2 .. 2: parallel, orthogonal and other rows all occur, none is zero.
Matrix any_rows() {
  const int rows = *rc::gen::inRange(1, 12);
  const int columns = *rc::gen::inRange(1, 12);
  const base::CounterStream stream(*rc::gen::arbitrary<std::uint64_t>(), 0);
  Matrix result(rows, columns);
  for (int i = 0; i < rows * columns; ++i) result(i / columns, i % columns) = static_cast<int>(stream.word(i) % 5) - 2;
  for (int i = 0; i < rows; ++i) {
    if (result.row(i).isZero()) result(i, i % columns) = 1;
  }
  return result;
}

RC_GTEST_PROP(Dilate, GivesOrthonormalRowsWithTheScaledRowsAsCorner, ()) {
  const Matrix rows = any_rows();
  const Dilation dilation = dilate(rows);
  RC_ASSERT(orthogonality_error(dilation.orthonormal) < 1e-13);
  RC_ASSERT(dilation.orthonormal.cols() == rows.cols() + dilation.extra);
  const Matrix back = dilation.scale.asDiagonal() * dilation.orthonormal.leftCols(rows.cols());
  RC_ASSERT((back - rows).cwiseAbs().maxCoeff() < 1e-13);
  RC_ASSERT(dilation.scale.minCoeff() > 0);
}

RC_GTEST_PROP(Dilate, TakesFewerExtraColumnsThanRows, ()) {
  const Matrix rows = any_rows();
  const Dilation dilation = dilate(rows);
  RC_ASSERT(dilation.extra == dilation_columns(rows));
  RC_ASSERT(dilation.extra < rows.rows());
}

TEST(Dilate, OrthogonalRowsTakeNoExtraColumn) {
  const Matrix rows = Eigen::Vector3d(0.25, 7, 1e9).asDiagonal() * random_orthogonal(8, 1, 0).topRows(3);
  EXPECT_EQ(dilation_columns(rows), 0);
}

// (3, 4) twice and (8, -6), orthogonal to both: one extra column; the twins are scaled by 5 sqrt 2 and share the rest.
TEST(Dilate, ParallelRowsTakeOneExtraColumnLessThanTheirNumber) {
  Matrix rows(3, 2);
  rows << 3, 4, 8, -6, 3, 4;
  const Dilation dilation = dilate(rows);
  EXPECT_EQ(dilation.extra, 1);
  EXPECT_NEAR(dilation.scale(0), 5 * std::sqrt(2.0), 1e-14);
  EXPECT_NEAR(dilation.scale(1), 10, 1e-14);
  EXPECT_NEAR(dilation.orthonormal(0, 2), -dilation.orthonormal(2, 2), 1e-14);
  EXPECT_NEAR(dilation.orthonormal(1, 2), 0, 1e-14);
}

TEST(Dilate, RefusesARowOfZerosAndNan) {
  Matrix rows = Matrix::Identity(3, 3);
  rows(1, 1) = 0;
  EXPECT_THAT([&] { dilate(rows); }, ThrowsMessage<base::InputError>(HasSubstr("row 1 is zero")));
  rows(1, 1) = std::numeric_limits<double>::quiet_NaN();
  EXPECT_THAT([&] { dilate(rows); }, ThrowsMessage<base::InputError>(HasSubstr("NaN or Inf")));
  EXPECT_EQ(dilation_columns(Matrix(0, 4)), 0);
}

}  // namespace
}  // namespace optinc::linalg
