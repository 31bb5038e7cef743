#include "optinc/linalg/spectral_norm.h"

#include "optinc/linalg/svd.h"

namespace optinc::linalg {

double spectral_norm(const Matrix& a) {
  if (a.size() == 0) return 0;
  return singular_values(a)(0) * (1 + 1e-9);
}

}  // namespace optinc::linalg
