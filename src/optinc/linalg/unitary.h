// Complex matrices, unitary ones above all.
#pragma once

#include <complex>
#include <cstdint>

#include <Eigen/Core>

namespace optinc::linalg {

using Complex = std::complex<double>;
using ComplexMatrix = Eigen::Matrix<Complex, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

/// Largest |entry| of u u^H - I; NaN where an entry is not finite.
double unitarity_error(const ComplexMatrix& u);

/// A random unitary matrix, Haar distributed: the Q of a complex Gaussian matrix with R's diagonal made positive
/// (Mezzadri 2007). A function of (seed, stream, size) alone.
ComplexMatrix random_unitary(int size, std::uint64_t seed, std::uint64_t stream);

/// The discrete Fourier transform, entry (j, k) = exp(-2 pi i j k / size) / sqrt(size).
ComplexMatrix fourier(int size);

}  // namespace optinc::linalg
