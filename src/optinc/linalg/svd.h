// The singular value decomposition, in double precision, over Eigen: safe for singular matrices, too.
#pragma once

#include "optinc/linalg/polar.h"

namespace optinc::linalg {

/// a = u [diag(values); 0] v^T with orthogonal u [rows, rows] and v [columns, columns], values falling.
struct Svd {
  Matrix u;
  Eigen::VectorXd values;  ///< [min(rows, columns)]
  Matrix v;
};

/// By divide and conquer; where that fails (Eigen 3.4's gives columns that are no unit vectors for some singular
/// matrices, of constructed layers above all), by Jacobi's rotations. Throws base::RunError where neither converges.
Svd full_svd(const Matrix& a);

/// The values alone; empty for an empty matrix. Throws likewise.
Eigen::VectorXd singular_values(const Matrix& a);

}  // namespace optinc::linalg
