#include "optinc/linalg/svd.h"

#include <Eigen/SVD>

#include "optinc/base/error.h"

namespace optinc::linalg {
namespace {

constexpr double kOrthogonal = 1e-10;

/// Nothing where the solver did not converge, or its factors are not orthogonal.
template <typename Solver>
bool solve(const Matrix& a, Svd& svd) {
  const Solver solver(a, Eigen::ComputeFullU | Eigen::ComputeFullV);
  if (solver.info() != Eigen::Success) return false;
  svd = {solver.matrixU(), solver.singularValues(), solver.matrixV()};
  // Written so that NaN is refused.
  return orthogonality_error(svd.u) < kOrthogonal && orthogonality_error(svd.v) < kOrthogonal;
}

}  // namespace

Svd full_svd(const Matrix& a) {
  Svd svd;
  if (solve<Eigen::BDCSVD<Matrix>>(a, svd) || solve<Eigen::JacobiSVD<Matrix>>(a, svd)) return svd;
  throw base::RunError(
      fmt::format("singular value decomposition of a {} x {} matrix did not converge", a.rows(), a.cols()));
}

Eigen::VectorXd singular_values(const Matrix& a) {
  if (a.size() == 0) return {};
  return Eigen::BDCSVD<Matrix>(a).singularValues();
}

}  // namespace optinc::linalg
