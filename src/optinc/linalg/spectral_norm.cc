#include "optinc/linalg/spectral_norm.h"

#include <Eigen/SVD>

namespace optinc::linalg {

double spectral_norm(const Matrix& a) {
  if (a.size() == 0) return 0;
  return Eigen::BDCSVD<Matrix>(a).singularValues()(0) * (1 + 1e-9);
}

}  // namespace optinc::linalg
