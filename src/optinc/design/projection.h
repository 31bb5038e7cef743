// Matrix approximation during training: fast and close; onn::approximate does it exactly at the end.
#pragma once

#include <vector>

#include "optinc/design/parameters.h"
#include "optinc/onn/layer_set.h"

namespace optinc::design {

/// Moves the weights of the approximated layers to diagonal * orthogonal squares (onn/matrix_approximation.h):
/// Newton-Schulz steps on the square with rows of length 1 in place of its SVD, since training never moves far between
/// two projections (Bjoerck and Bowie 1971); as many as it takes, at most 4. Squares are shared out over `threads`; the
/// result does not depend on it.
void project(const ParameterLayout& layout, const onn::LayerSet& approximated, std::vector<float>& parameters,
             int threads);

}  // namespace optinc::design
