#include "optinc/linalg/unitary.h"

#include <cmath>
#include <limits>
#include <numbers>

#include <Eigen/QR>

#include "optinc/base/error.h"
#include "optinc/base/random.h"
#include "optinc/linalg/blas.h"

namespace optinc::linalg {

double unitarity_error(const ComplexMatrix& u) {
  if (!u.allFinite()) return std::numeric_limits<double>::quiet_NaN();
  const auto rows = static_cast<std::size_t>(u.rows());
  const ComplexMatrix conjugate = u.conjugate();
  ComplexMatrix gram(u.rows(), u.rows());
  multiply_transposed(rows, rows, static_cast<std::size_t>(u.cols()), u.data(), conjugate.data(), gram.data());
  return (gram - ComplexMatrix::Identity(u.rows(), u.rows())).cwiseAbs().maxCoeff();
}

ComplexMatrix random_unitary(int size, std::uint64_t seed, std::uint64_t stream) {
  base::require(size >= 1, "random unitary matrix of size {}: expected at least 1", size);
  const base::CounterStream words(seed, stream);
  ComplexMatrix gaussian(size, size);
  for (Eigen::Index i = 0; i < gaussian.size(); ++i) {
    // Box and Muller: radius and angle of a complex normal number.
    const auto index = 2 * static_cast<std::uint64_t>(i);
    gaussian.data()[i] =
        std::polar(std::sqrt(-std::log(1 - words.uniform(index))), 2 * std::numbers::pi * words.uniform(index + 1));
  }
  const Eigen::HouseholderQR<ComplexMatrix> qr(gaussian);
  ComplexMatrix q = qr.householderQ();
  for (int column = 0; column < size; ++column) {
    const Complex diagonal = qr.matrixQR()(column, column);
    q.col(column) *= diagonal / std::abs(diagonal);
  }
  return q;
}

ComplexMatrix fourier(int size) {
  base::require(size >= 1, "Fourier matrix of size {}: expected at least 1", size);
  ComplexMatrix result(size, size);
  for (std::int64_t row = 0; row < size; ++row) {
    for (std::int64_t column = 0; column < size; ++column) {
      const double turn = static_cast<double>(row * column % size) / size;
      result(row, column) = std::polar(1 / std::sqrt(static_cast<double>(size)), -2 * std::numbers::pi * turn);
    }
  }
  return result;
}

}  // namespace optinc::linalg
