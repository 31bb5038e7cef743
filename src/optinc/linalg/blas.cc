#include "optinc/linalg/blas.h"

#include <cblas.h>

namespace optinc::linalg {

void use_one_blas_thread() {
  static const bool done = [] {
    openblas_set_num_threads(1);
    return true;
  }();
  static_cast<void>(done);
}

void multiply_transposed(std::size_t m, std::size_t n, std::size_t k, const float* a, const float* b, float* c) {
  use_one_blas_thread();
  cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, static_cast<blasint>(m), static_cast<blasint>(n),
              static_cast<blasint>(k), 1.0f, a, static_cast<blasint>(k), b, static_cast<blasint>(k), 0.0f, c,
              static_cast<blasint>(n));
}

}  // namespace optinc::linalg
