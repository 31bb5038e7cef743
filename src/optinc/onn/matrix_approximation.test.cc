#include "optinc/onn/matrix_approximation.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "optinc/base/error.h"
#include "optinc/base/random.h"
#include "optinc/linalg/polar.h"

namespace optinc::onn {
namespace {

using linalg::Matrix;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::ThrowsMessage;

Layer random_layer(int outputs, int inputs, std::uint64_t seed) {
  const base::CounterStream stream(seed, 0);
  Layer layer{outputs, inputs, std::vector<float>(static_cast<std::size_t>(outputs) * inputs),
              std::vector<float>(outputs, 0.5f)};
  for (std::size_t i = 0; i < layer.weight.size(); ++i) layer.weight[i] = static_cast<float>(2 * stream.uniform(i) - 1);
  return layer;
}

/// Square, tall or wide, one to four squares.
Layer any_layer() {
  const int side = *rc::gen::inRange(1, 20);
  const int squares = *rc::gen::inRange(1, 5);
  const bool tall = *rc::gen::arbitrary<bool>();
  return random_layer(tall ? side * squares : side, tall ? side : side * squares, *rc::gen::arbitrary<std::uint64_t>());
}

/// The square that begins at (row, column).
Matrix square_of(const Layer& layer, int row, int column) {
  const int side = std::min(layer.outputs, layer.inputs);
  Matrix square(side, side);
  for (int i = 0; i < side; ++i) {
    for (int j = 0; j < side; ++j) square(i, j) = layer.weight[(row + i) * layer.inputs + column + j];
  }
  return square;
}

double largest_difference(const Layer& a, const Layer& b) {
  double largest = 0;
  for (std::size_t i = 0; i < a.weight.size(); ++i) {
    largest = std::max(largest, std::abs(double{a.weight[i]} - double{b.weight[i]}));
  }
  return largest;
}

RC_GTEST_PROP(Approximate, GivesDiagonalTimesOrthogonalSquares, ()) {
  Layer layer = any_layer();
  const Layer before = layer;
  approximate(layer);
  RC_ASSERT(approximation_error(layer) < 1e-6);
  RC_ASSERT(layer.bias == before.bias);
  RC_ASSERT(layer.outputs == before.outputs && layer.inputs == before.inputs);
}

RC_GTEST_PROP(Approximate, ChangesNothingTheSecondTime, ()) {
  Layer once = any_layer();
  approximate(once);
  Layer twice = once;
  approximate(twice);
  RC_ASSERT(largest_difference(once, twice) < 1e-6);
}

// Step 1, the orthogonal factor: every square of the result has the directions of the orthogonal matrix nearest to that
// square, and no other orthogonal matrix is nearer.
RC_GTEST_PROP(Approximate, TakesTheNearestOrthogonalMatrixOfEverySquare, ()) {
  Layer layer = any_layer();
  const Layer before = layer;
  approximate(layer);
  const int side = std::min(layer.outputs, layer.inputs);
  for (int row = 0; row < layer.outputs; row += side) {
    for (int column = 0; column < layer.inputs; column += side) {
      const Matrix original = square_of(before, row, column);
      const Matrix unit = square_of(layer, row, column).rowwise().normalized();
      RC_ASSERT((unit - linalg::nearest_orthogonal(original)).cwiseAbs().maxCoeff() < 1e-5);
      const Matrix other = linalg::random_orthogonal(side, *rc::gen::arbitrary<std::uint64_t>(), 0);
      RC_ASSERT((original - unit).norm() < (original - other).norm() + 1e-5);
    }
  }
}

// Step 2, the diagonal: given the directions, no other length of any row comes nearer to the original.
RC_GTEST_PROP(Approximate, FitsTheDiagonalByLeastSquares, ()) {
  Layer layer = any_layer();
  const Layer before = layer;
  approximate(layer);
  const int side = std::min(layer.outputs, layer.inputs);
  for (int row = 0; row < layer.outputs; row += side) {
    for (int column = 0; column < layer.inputs; column += side) {
      const Matrix original = square_of(before, row, column);
      const Matrix result = square_of(layer, row, column);
      for (int i = 0; i < side; ++i) {
        const double error = (original.row(i) - result.row(i)).norm();
        for (const double factor : {0.9, 0.99, 1.01, 1.1}) {
          RC_ASSERT(error <= (original.row(i) - factor * result.row(i)).norm() + 1e-6);
        }
      }
    }
  }
}

// [3 -4; 4 3] is 5 times a rotation: its own approximation. [2 0; 0 0.5]: the identity with diagonal 2, 0.5.
TEST(Approximate, KeepsWhatIsAlreadyDiagonalTimesOrthogonal) {
  Layer layer{4, 2, {3, -4, 4, 3, 2, 0, 0, 0.5}, {0, 0, 0, 0}};
  const Layer before = layer;
  approximate(layer);
  EXPECT_LT(largest_difference(layer, before), 1e-6);
  EXPECT_LT(approximation_error(before), 1e-15);
}

// By hand: [1 1; 0 1] has the polar factor [2 1; -1 2] / sqrt(5); the rows' dot products are 3/sqrt(5) and 2/sqrt(5).
TEST(Approximate, ProjectsAShearByHand) {
  Layer layer{2, 2, {1, 1, 0, 1}, {0, 0}};
  approximate(layer);
  const std::vector<float> expected = {1.2f, 0.6f, -0.4f, 0.8f};
  for (int i = 0; i < 4; ++i) EXPECT_NEAR(layer.weight[i], expected[i], 1e-6) << i;
}

TEST(Approximate, KeepsRowsAndColumnsOfSideOne) {
  Layer column{3, 1, {-2, 0, 5}, {0, 0, 0}};
  Layer row{1, 3, {0.25, -7, 0}, {0}};
  approximate(column);
  approximate(row);
  EXPECT_THAT(column.weight, ElementsAre(-2, 0, 5));
  EXPECT_THAT(row.weight, ElementsAre(0.25, -7, 0));
  EXPECT_EQ(approximation_error(column), 0);
}

TEST(Approximate, LeavesDarkRowsDark) {
  Layer layer = random_layer(8, 4, 1);
  std::fill_n(layer.weight.begin() + 2 * 4, 4, 0.0f);
  approximate(layer);
  for (int j = 0; j < 4; ++j) EXPECT_NEAR(layer.weight[2 * 4 + j], 0, 1e-15);
  EXPECT_LT(approximation_error(layer), 1e-6);

  Layer zero{4, 4, std::vector<float>(16), std::vector<float>(4)};
  approximate(zero);
  EXPECT_EQ(zero.weight, std::vector<float>(16));
  EXPECT_EQ(approximation_error(zero), 0);
}

// Rows whose lengths span float32's range: the weakest become dark rather than crooked.
TEST(Approximate, HoldsForRowsOfVeryDifferentLength) {
  Layer layer = random_layer(6, 6, 2);
  const std::vector<float> scales = {1, 1e-20f, 1e20f, 1e-38f, 1e-44f, 1e30f};
  for (int i = 0; i < 6; ++i) {
    for (int j = 0; j < 6; ++j) layer.weight[i * 6 + j] *= scales[i];
  }
  approximate(layer);
  EXPECT_LT(approximation_error(layer), 1e-6);
}

TEST(Approximate, RefusesWhatCanNotBeCut) {
  Layer layer = random_layer(6, 4, 3);
  const auto refusal = ThrowsMessage<base::InputError>(HasSubstr("layer of 6 outputs and 4 inputs"));
  EXPECT_THAT([&] { approximate(layer); }, refusal);
  EXPECT_THAT([&] { approximation_error(layer); }, refusal);
  EXPECT_FALSE(can_be_approximated(6, 4));
  EXPECT_FALSE(can_be_approximated(0, 4));
  EXPECT_TRUE(can_be_approximated(8, 4));
  EXPECT_TRUE(can_be_approximated(4, 8));
}

TEST(Approximate, RefusesNan) {
  Layer layer = random_layer(4, 4, 4);
  layer.weight[5] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_THAT([&] { approximate(layer); }, ThrowsMessage<base::InputError>(HasSubstr("NaN or Inf")));
  EXPECT_EQ(approximation_error(layer), std::numeric_limits<double>::infinity());
}

// Rows (1, 0) and (0.6, 0.8): their dot product is 0.6.
TEST(ApproximationError, IsTheLargestDotProductOfTwoUnitRows) {
  EXPECT_NEAR(approximation_error({2, 2, {2, 0, 3, 4}, {0, 0}}), 0.6, 1e-15);
  // The second square of a tall layer, and of a wide one.
  EXPECT_NEAR(approximation_error({4, 2, {1, 0, 0, 1, 2, 0, 3, 4}, {0, 0, 0, 0}}), 0.6, 1e-15);
  EXPECT_NEAR(approximation_error({2, 4, {1, 0, 2, 0, 0, 1, 3, 4}, {0, 0}}), 0.6, 1e-15);
}

}  // namespace
}  // namespace optinc::onn
