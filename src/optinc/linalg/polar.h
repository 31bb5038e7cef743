// Orthogonal factors, in double precision, over Eigen.
#pragma once

#include <Eigen/Core>

namespace optinc::linalg {

using Matrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

/// The orthogonal matrix nearest to a square `a` in the Frobenius norm: U V^T of its SVD a = U S V^T (Schoenemann
/// 1966), or by Newton and Schulz's iteration where `a` is nearly orthogonal. Where `a` is singular, one of the nearest
/// ones. Throws base::InputError if `a` is not square or not finite.
Matrix nearest_orthogonal(const Matrix& a);

/// Largest |entry| of u u^T - I.
double orthogonality_error(const Matrix& u);

/// A random orthogonal matrix, Haar distributed: the Q of a Gaussian matrix with R's diagonal made positive
/// (Mezzadri 2007). A function of (seed, stream, size) alone.
Matrix random_orthogonal(int size, std::uint64_t seed, std::uint64_t stream);

}  // namespace optinc::linalg
