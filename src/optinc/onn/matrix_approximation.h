// Matrix approximation (paper section III-B): W becomes squares that are each diagonal * orthogonal, which half as many
// interferometers can build.
//
// W [m, n] is cut in squares of side q = min(m, n), stacked when m > n and side by side when n > m; each square Ws
// becomes Sa Ua with Ua the orthogonal matrix nearest to Ws and Sa diagonal, d_i the least-squares fit of row i of Ws
// on row i of Ua. The longer side must be a multiple of the shorter one.
#pragma once

#include "optinc/onn/network.h"

namespace optinc::onn {

/// True if a layer of this size can be cut in squares.
constexpr bool can_be_approximated(int outputs, int inputs) {
  return outputs > 0 && inputs > 0 && (outputs % inputs == 0 || inputs % outputs == 0);
}

/// Replaces the layer's weight by its approximation (computed in double). Rows with d_i < 1e-30 become zero: their
/// direction would not survive in float32. Throws base::InputError for a layer that can't be cut or is not finite.
void approximate(Layer& layer);

/// How far the layer is from diagonal * orthogonal squares: the largest |entry| of U U^T - I over all squares, U being
/// the square with every row scaled to length 1. A row of zeros is dark (its diagonal entry is 0) and left out.
double approximation_error(const Layer& layer);

}  // namespace optinc::onn
