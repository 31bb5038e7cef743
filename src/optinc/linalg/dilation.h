// Dilation: any rows, scaled, are the corner of an orthogonal matrix that is large enough.
#pragma once

#include "optinc/linalg/polar.h"

namespace optinc::linalg {

/// Rows that were made orthonormal by scaling them and by adding columns.
struct Dilation {
  Matrix orthonormal;     ///< [p, q + extra]: orthonormal(i, j) = rows(i, j) / scale(i) for j < q
  Eigen::VectorXd scale;  ///< [p], positive
  int extra = 0;          ///< columns that were added
};

/// Dilates `rows` [p, q], none of which may be zero. Rows that hang together by dot products other than 0 get one
/// common factor on top of their lengths: the one that brings their largest singular value to 1. What I - B B^T of the
/// scaled rows B lacks, extra columns add, as many as its rank: per such set of rows, its number less the multiplicity
/// of the largest singular value. So orthogonal rows take no extra column, p parallel ones p - 1. Throws
/// base::InputError for a row that is zero or not finite.
Dilation dilate(const Matrix& rows);

/// The extra columns that dilate(rows) takes.
int dilation_columns(const Matrix& rows);

}  // namespace optinc::linalg
