#include "optinc/linalg/svd.h"

#include <map>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "optinc/linalg/polar.h"

namespace optinc::linalg {
namespace {

void expect_svd(const Matrix& a) {
  const Svd svd = full_svd(a);
  EXPECT_LT(orthogonality_error(svd.u), 1e-10);
  EXPECT_LT(orthogonality_error(svd.v), 1e-10);
  Matrix middle = Matrix::Zero(a.rows(), a.cols());
  for (Eigen::Index i = 0; i < svd.values.size(); ++i) middle(i, i) = svd.values(i);
  EXPECT_LT((svd.u * middle * svd.v.transpose() - a).cwiseAbs().maxCoeff(), 1e-10);
}

// A square of a constructed layer as it is in a file: every other pair of rows is dark, and two sets of rows see other
// wires. Its singular values are three sets of equal ones and a small one, but for float32's rounding, and 0.
TEST(Svd, OfASquareWithDarkRows) {
  struct Row {
    int row;
    std::map<int, double> weights;
  };
  const std::map<int, double> even{{1, 2.7881228923797607}, {5, 0.8337012529373169}, {9, 2}, {13, -0.8132025599479675}};
  const std::map<int, double> odd{
      {0, 1.934363603591919}, {4, -2.2676968574523926}, {8, 1.4339956045150757}, {12, 1.4339956045150757}};
  const Row own[] = {{0, {{2, 3.4637482166290283}, {6, -5.233775615692139}}},
                     {4, {{2, -6.089033603668213}, {6, -1.5210611820220947}}},
                     {8, {{2, 1.3126428127288818}, {3, -5.124448299407959}, {6, 3.377418279647827}}},
                     {12, {{2, 1.3126428127288818}, {3, 5.124448299407959}, {6, 3.377418279647827}}},
                     {3, {{7, 3.4461488723754883}, {11, -5.207182884216309}}},
                     {7, {{7, -6.058095455169678}, {11, -1.513332724571228}}},
                     {11, {{7, 1.3059732913970947}, {10, -5.0984110832214355}, {11, 3.360257863998413}}},
                     {15, {{7, 1.3059732913970947}, {10, 5.0984110832214355}, {11, 3.360257863998413}}}};
  Matrix square = Matrix::Zero(16, 16);
  for (const auto& [row, weights] : own) {
    for (const auto& [column, weight] : weights) square(row, column) = weight;
    for (const auto& [column, weight] : row % 2 == 0 ? even : odd) square(row, column) = weight;
  }
  expect_svd(square);
  EXPECT_LT(orthogonality_error(nearest_orthogonal(square)), 1e-10);
}

// Dark rows, repeated rows, whole numbers: singular matrices of every kind.
RC_GTEST_PROP(SvdProperty, HoldsForSingularMatrices, ()) {
  const int rows = *rc::gen::inRange(1, 20), columns = *rc::gen::inRange(1, 20);
  Matrix a = Matrix::Zero(rows, columns);
  for (int i = 0; i < rows; ++i) {
    const int kind = *rc::gen::inRange(0, 3);
    if (kind == 1 && i > 0) a.row(i) = a.row(i - 1);
    if (kind == 2) {
      for (int j = 0; j < columns; ++j) a(i, j) = *rc::gen::inRange(-2, 3);
    }
  }
  expect_svd(a);
  const Eigen::VectorXd values = singular_values(a);
  RC_ASSERT((values - full_svd(a).values).cwiseAbs().maxCoeff() < 1e-10);
}

TEST(Svd, OfNothingHasNoValues) {
  EXPECT_EQ(singular_values(Matrix(0, 0)).size(), 0);
}

}  // namespace
}  // namespace optinc::linalg
