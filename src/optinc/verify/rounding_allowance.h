// How far float32 can be from real arithmetic in a network's forward pass: a bound that holds for every point of a set.
// Source: N. J. Higham, "Accuracy and stability of numerical algorithms", section 3.1 (gamma_n = n u / (1 - n u)).
#pragma once

#include <span>
#include <vector>

#include "optinc/onn/network.h"

namespace optinc::verify {

/// gamma_n of a float32 sum of `terms` products, with two units of rounding to spare.
double float32_gamma(int terms);

/// Bounds on (float32 activations - real activations): of each coordinate, and of all together in the 2-norm.
struct Deviation {
  std::vector<double> each;
  double norm = 0;
};

/// Follows a deviation through the layers. A layer multiplies it and adds the rounding of its own sums, gamma_(n+2)
/// (|W| |x| + |b|) for n products that
/// are not 0. Two bounds on what a layer makes of it, and the smaller one counts: |W| times that of
/// each coordinate (tight where few wires count, as in constructed networks) and singular values times the norm (tight
/// where weights are dense). One of the two units of rounding beyond n is for sums without fused multiply-add, the
/// other pays many times over for the rounding of a zonotope's double arithmetic.
class RoundingAllowance {
 public:
  explicit RoundingAllowance(const onn::Network& network);

  /// The deviation of the sums of layer `layer` (from 0), before any ReLU. magnitudes: no real activation before the
  /// layer is larger, a coordinate each.
  Deviation behind(std::size_t layer, std::span<const double> magnitudes, const Deviation& before) const;

  /// Behind a ReLU nothing is larger, and a coordinate that is below 0 whatever the rounding has none. highest: no real
  /// sum is larger, a coordinate each.
  static void relu(std::span<const double> highest, Deviation& deviation);

 private:
  struct Layer {
    int outputs, inputs;
    std::vector<double> absolute;   // |W| [outputs, inputs]
    std::vector<double> bias;       // |b| [outputs]
    std::vector<double> row_norms;  // 2-norms of the rows of W [outputs]
    double norm;                    // largest singular value of W
  };
  std::vector<Layer> layers_;
};

}  // namespace optinc::verify
