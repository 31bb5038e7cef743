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

namespace {

void sgemm(CBLAS_TRANSPOSE transpose_a, CBLAS_TRANSPOSE transpose_b, std::size_t m, std::size_t n, std::size_t k,
           const float* a, const float* b, float* c, float beta) {
  use_one_blas_thread();
  const std::size_t a_columns = transpose_a == CblasNoTrans ? k : m, b_columns = transpose_b == CblasNoTrans ? n : k;
  cblas_sgemm(CblasRowMajor, transpose_a, transpose_b, static_cast<blasint>(m), static_cast<blasint>(n),
              static_cast<blasint>(k), 1.0f, a, static_cast<blasint>(a_columns), b, static_cast<blasint>(b_columns),
              beta, c, static_cast<blasint>(n));
}

}  // namespace

void multiply(std::size_t m, std::size_t n, std::size_t k, const float* a, const float* b, float* c, float beta) {
  sgemm(CblasNoTrans, CblasNoTrans, m, n, k, a, b, c, beta);
}

void multiply_transposed(std::size_t m, std::size_t n, std::size_t k, const float* a, const float* b, float* c,
                         float beta) {
  sgemm(CblasNoTrans, CblasTrans, m, n, k, a, b, c, beta);
}

void multiply_transposed(std::size_t m, std::size_t n, std::size_t k, const double* a, const double* b, double* c,
                         double beta) {
  use_one_blas_thread();
  cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasTrans, static_cast<blasint>(m), static_cast<blasint>(n),
              static_cast<blasint>(k), 1.0, a, static_cast<blasint>(k), b, static_cast<blasint>(k), beta, c,
              static_cast<blasint>(n));
}

void multiply_transposed(std::size_t m, std::size_t n, std::size_t k, const std::complex<double>* a,
                         const std::complex<double>* b, std::complex<double>* c) {
  use_one_blas_thread();
  const std::complex<double> one = 1, zero = 0;
  cblas_zgemm(CblasRowMajor, CblasNoTrans, CblasTrans, static_cast<blasint>(m), static_cast<blasint>(n),
              static_cast<blasint>(k), &one, a, static_cast<blasint>(k), b, static_cast<blasint>(k), &zero, c,
              static_cast<blasint>(n));
}

void multiply_transposed(std::size_t m, std::size_t n, std::size_t k, const std::complex<float>* a,
                         const std::complex<float>* b, std::complex<float>* c) {
  use_one_blas_thread();
  const std::complex<float> one = 1, zero = 0;
  cblas_cgemm(CblasRowMajor, CblasNoTrans, CblasTrans, static_cast<blasint>(m), static_cast<blasint>(n),
              static_cast<blasint>(k), &one, a, static_cast<blasint>(k), b, static_cast<blasint>(k), &zero, c,
              static_cast<blasint>(n));
}

void transposed_multiply(std::size_t m, std::size_t n, std::size_t k, const float* a, const float* b, float* c,
                         float beta) {
  sgemm(CblasTrans, CblasNoTrans, m, n, k, a, b, c, beta);
}

}  // namespace optinc::linalg
