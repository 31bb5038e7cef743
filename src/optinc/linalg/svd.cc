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

[[noreturn]] void fail(const Matrix& a) {
  throw base::RunError(
      fmt::format("singular value decomposition of a {} x {} matrix did not converge", a.rows(), a.cols()));
}

}  // namespace

Svd full_svd(const Matrix& a) {
  Svd svd;
  if (solve<Eigen::BDCSVD<Matrix>>(a, svd) || solve<Eigen::JacobiSVD<Matrix>>(a, svd)) return svd;
  fail(a);
}

Eigen::VectorXd singular_values(const Matrix& a) {
  if (a.size() == 0) return {};
  const Eigen::BDCSVD<Matrix> solver(a);
  if (solver.info() == Eigen::Success && solver.singularValues().allFinite()) return solver.singularValues();
  const Eigen::JacobiSVD<Matrix> rotations(a);
  if (rotations.info() == Eigen::Success && rotations.singularValues().allFinite()) return rotations.singularValues();
  fail(a);
}

}  // namespace optinc::linalg
