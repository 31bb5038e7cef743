#include "optinc/linalg/polar.h"

#include <cmath>
#include <cstddef>
#include <numbers>

#include <Eigen/QR>

#include "optinc/base/error.h"
#include "optinc/base/random.h"
#include "optinc/linalg/blas.h"
#include "optinc/linalg/svd.h"

namespace optinc::linalg {

namespace {

/// Largest |entry| of u u^T - I from which on the iteration below is sure to converge: the spectral norm is then at
/// most 1/2 up to 2,048 rows.
constexpr double kNearby = 2e-4;

/// u = 1.5 u - 0.5 u u^T u converges to the polar factor, the error squared at each step (Newton and Schulz).
Matrix polish(Matrix u) {
  constexpr int kSteps = 4;
  const auto n = static_cast<std::size_t>(u.rows());
  Matrix gram(u.rows(), u.rows()), product(u.rows(), u.rows());
  for (int step = 0; step < kSteps; ++step) {
    multiply_transposed(n, n, n, u.data(), u.data(), gram.data());
    gram = 1.5 * Matrix::Identity(u.rows(), u.rows()) - 0.5 * gram;
    const Matrix transposed = u.transpose();
    multiply_transposed(n, n, n, gram.data(), transposed.data(), product.data());
    const double change = (product - u).cwiseAbs().maxCoeff();
    u.swap(product);
    if (change < 1e-14) break;
  }
  return u;
}

}  // namespace

Matrix nearest_orthogonal(const Matrix& a) {
  base::require(a.rows() == a.cols(), "nearest orthogonal matrix of a {} x {} matrix: expected a square one", a.rows(),
                a.cols());
  base::require(a.allFinite(),
                "nearest orthogonal matrix: the {0} x {0} matrix has a NaN or Inf, expected finite numbers", a.rows());
  if (a.rows() <= 2048 && orthogonality_error(a) < kNearby) return polish(a);
  const Svd svd = full_svd(a);
  return svd.u * svd.v.transpose();
}

double orthogonality_error(const Matrix& u) {
  const auto rows = static_cast<std::size_t>(u.rows());
  Matrix gram(u.rows(), u.rows());
  multiply_transposed(rows, rows, static_cast<std::size_t>(u.cols()), u.data(), u.data(), gram.data());
  return (gram - Matrix::Identity(u.rows(), u.rows())).cwiseAbs().maxCoeff();
}

namespace {

/// Independent standard normal numbers by Box and Muller, two from a pair of words.
Matrix gaussian(int size, const base::CounterStream& stream) {
  Matrix result(size, size);
  const Eigen::Index count = result.size();
  for (Eigen::Index i = 0; i < count; i += 2) {
    const auto index = static_cast<std::uint64_t>(i);
    const double radius = std::sqrt(-2 * std::log(1 - stream.uniform(index)));  // 1 - u is in (0, 1]
    const double angle_rad = 2 * std::numbers::pi * stream.uniform(index + 1);
    result.data()[i] = radius * std::cos(angle_rad);
    if (i + 1 < count) result.data()[i + 1] = radius * std::sin(angle_rad);
  }
  return result;
}

}  // namespace

Matrix random_orthogonal(int size, std::uint64_t seed, std::uint64_t stream) {
  base::require(size >= 1, "random orthogonal matrix of size {}: expected at least 1", size);
  const Eigen::HouseholderQR<Matrix> qr(gaussian(size, base::CounterStream(seed, stream)));
  Matrix q = qr.householderQ();
  for (int column = 0; column < size; ++column) {
    if (qr.matrixQR()(column, column) < 0) q.col(column) = -q.col(column);
  }
  return q;
}

}  // namespace optinc::linalg
