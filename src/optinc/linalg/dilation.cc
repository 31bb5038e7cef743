#include "optinc/linalg/dilation.h"

#include <cmath>
#include <vector>

#include <Eigen/Eigenvalues>

#include "optinc/base/error.h"

namespace optinc::linalg {
namespace {

/// Cosines below this are taken as 0, and singular values this near to the largest as equal to it.
constexpr double kSame = 1e-10;

/// Rows that hang together, and the eigenvectors of their Gram matrix (of the rows at length 1).
struct Part {
  std::vector<int> rows;
  Eigen::VectorXd eigenvalues;  // rising
  Eigen::MatrixXd eigenvectors;

  double largest() const { return eigenvalues(eigenvalues.size() - 1); }
  int extra() const { return static_cast<int>((eigenvalues.array() < largest() * (1 - kSame)).count()); }
};

std::vector<Part> find_parts(const Matrix& unit) {
  const Matrix cosines = unit * unit.transpose();
  std::vector<bool> seen(unit.rows(), false);
  std::vector<Part> parts;
  for (int first = 0; first < unit.rows(); ++first) {
    if (seen[first]) continue;
    Part part{{first}, {}, {}};
    seen[first] = true;
    for (std::size_t next = 0; next < part.rows.size(); ++next) {
      for (int other = 0; other < unit.rows(); ++other) {
        if (seen[other] || std::abs(cosines(part.rows[next], other)) < kSame) continue;
        seen[other] = true;
        part.rows.push_back(other);
      }
    }
    const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver(Eigen::MatrixXd(cosines(part.rows, part.rows)));
    part.eigenvalues = solver.eigenvalues();
    part.eigenvectors = solver.eigenvectors();
    parts.push_back(std::move(part));
  }
  return parts;
}

Matrix at_length_1(const Matrix& rows) {
  base::require(rows.allFinite(), "{} x {} matrix with NaN or Inf: can't be dilated", rows.rows(), rows.cols());
  Matrix unit = rows;
  for (int i = 0; i < unit.rows(); ++i) {
    const double length = unit.row(i).stableNorm();
    base::require(length > 0, "{} x {} matrix: row {} is zero, can't be dilated", rows.rows(), rows.cols(), i);
    unit.row(i) /= length;
  }
  return unit;
}

int count_extra(const std::vector<Part>& parts) {
  int extra = 0;
  for (const Part& part : parts) extra += part.extra();
  return extra;
}

}  // namespace

Dilation dilate(const Matrix& rows) {
  const Matrix unit = at_length_1(rows);
  const std::vector<Part> parts = find_parts(unit);
  Dilation result;
  result.extra = count_extra(parts);
  result.orthonormal = Matrix::Zero(rows.rows(), rows.cols() + result.extra);
  result.scale = Eigen::VectorXd::Zero(rows.rows());
  Eigen::Index column = rows.cols();
  for (const Part& part : parts) {
    // I - B B^T = V (1 - lambda / lambda_max) V^T, so the extra columns are V sqrt(1 - lambda / lambda_max).
    const Eigen::VectorXd lack = (1 - part.eigenvalues.array() / part.largest()).max(0).sqrt();
    for (std::size_t i = 0; i < part.rows.size(); ++i) {
      const int row = part.rows[i];
      result.orthonormal.row(row).head(rows.cols()) = unit.row(row) / std::sqrt(part.largest());
      result.scale(row) = rows.row(row).stableNorm() * std::sqrt(part.largest());
      for (int j = 0; j < part.extra(); ++j) {
        result.orthonormal(row, column + j) = part.eigenvectors(static_cast<Eigen::Index>(i), j) * lack(j);
      }
    }
    column += part.extra();
  }
  return result;
}

int dilation_columns(const Matrix& rows) {
  return rows.rows() == 0 ? 0 : count_extra(find_parts(at_length_1(rows)));
}

}  // namespace optinc::linalg
