// The largest singular value, for bounds: never too small.
#pragma once

#include "optinc/linalg/polar.h"

namespace optinc::linalg {

/// The largest singular value of `a`, too large by a part in 10^9 so that no rounding makes it too small. 0 for an
/// empty matrix.
double spectral_norm(const Matrix& a);

}  // namespace optinc::linalg
