// Matrix products on OpenBLAS, one thread a call: the caller's threads share out the tiles. (OpenBLAS
// gives other bits with other thread counts, and its own threads fight with everyone else's.)
#pragma once

#include <complex>
#include <cstddef>

namespace optinc::linalg {

/// c [m, n] = a [m, k] * b [k, n] + beta * c, all row-major and dense; with beta 0, c may hold anything.
void multiply(std::size_t m, std::size_t n, std::size_t k, const float* a, const float* b, float* c, float beta = 0);

/// c [m, n] = a [m, k] * b [n, k]^T + beta * c.
void multiply_transposed(std::size_t m, std::size_t n, std::size_t k, const float* a, const float* b, float* c,
                         float beta = 0);

/// The same in double precision.
void multiply_transposed(std::size_t m, std::size_t n, std::size_t k, const double* a, const double* b, double* c,
                         double beta = 0);

/// c [m, n] = a [m, k] * b [n, k]^T of complex numbers; transposed, not conjugated.
void multiply_transposed(std::size_t m, std::size_t n, std::size_t k, const std::complex<double>* a,
                         const std::complex<double>* b, std::complex<double>* c);
void multiply_transposed(std::size_t m, std::size_t n, std::size_t k, const std::complex<float>* a,
                         const std::complex<float>* b, std::complex<float>* c);

/// c [m, n] = a [k, m]^T * b [k, n] + beta * c.
void transposed_multiply(std::size_t m, std::size_t n, std::size_t k, const float* a, const float* b, float* c,
                         float beta = 0);

/// Tells OpenBLAS, once and for the whole process, to use one thread a call. the products do it by themselves;
/// call it before other libraries use BLAS.
void use_one_blas_thread();

}  // namespace optinc::linalg
