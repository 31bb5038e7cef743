#include "optinc/onn/matrix_approximation.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "optinc/base/error.h"
#include "optinc/linalg/polar.h"

namespace optinc::onn {
namespace {

using linalg::Matrix;
using WeightMap = Eigen::Map<Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>>;
using ConstWeightMap = Eigen::Map<const Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>>;

/// A row whose diagonal entry is smaller is made dark: near float32's smallest numbers its direction would be rounded
/// away.
constexpr double kSmallestDiagonal = 1e-30;

void require_squares(const Layer& layer) {
  base::require(
      can_be_approximated(layer.outputs, layer.inputs),
      "layer of {} outputs and {} inputs: can't be approximated, expected the longer side to be a multiple of "
      "the shorter one",
      layer.outputs, layer.inputs);
}

/// Calls visit(first output, first input, side) for every square of the layer.
template <typename Visit>
void for_each_square(const Layer& layer, Visit visit) {
  const int side = std::min(layer.outputs, layer.inputs);
  for (int row = 0; row < layer.outputs; row += side) {
    for (int column = 0; column < layer.inputs; column += side) visit(row, column, side);
  }
}

}  // namespace

void approximate(Layer& layer) {
  require_squares(layer);
  WeightMap weight(layer.weight.data(), layer.outputs, layer.inputs);
  for_each_square(layer, [&](int row, int column, int side) {
    auto block = weight.block(row, column, side, side);
    const Matrix square = block.cast<double>();
    const Matrix orthogonal = linalg::nearest_orthogonal(square);
    Eigen::VectorXd diagonal = square.cwiseProduct(orthogonal).rowwise().sum();
    diagonal = (diagonal.array().abs() < kSmallestDiagonal).select(0.0, diagonal);
    block = (diagonal.asDiagonal() * orthogonal).cast<float>();
  });
  base::require(weight.allFinite(), "layer of {} outputs and {} inputs: its approximation exceeds float32's range",
                layer.outputs, layer.inputs);
}

double approximation_error(const Layer& layer) {
  require_squares(layer);
  const ConstWeightMap weight(layer.weight.data(), layer.outputs, layer.inputs);
  if (!weight.allFinite()) return std::numeric_limits<double>::infinity();
  double largest = 0;
  for_each_square(layer, [&](int row, int column, int side) {
    Matrix unit = weight.block(row, column, side, side).cast<double>();
    for (int i = 0; i < side; ++i) {
      const double length = unit.row(i).norm();
      if (length > 0) unit.row(i) /= length;
    }
    Matrix product = unit * unit.transpose();
    product.diagonal().setZero();  // 1 in every row that is not dark
    largest = std::max(largest, product.cwiseAbs().maxCoeff());
  });
  return largest;
}

}  // namespace optinc::onn
