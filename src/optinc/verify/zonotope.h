// Sets of points that go through a network of ReLUs as a whole: what comes out holds every possible output.
// Source: G. Singh et al., "Fast and effective robustness certification", NeurIPS 2018 (DeepZ).
#pragma once

#include <span>
#include <vector>

#include "optinc/onn/network.h"

namespace optinc::verify {

/// A layer's weights and bias in double precision.
struct DoubleLayer {
  explicit DoubleLayer(const onn::Layer& layer);
  int outputs, inputs;
  std::vector<double> weight;  ///< [outputs, inputs]
  std::vector<double> bias;    ///< [outputs]
};

/// All points centre + sum_g e_g generator_g with every e_g in [-1, 1]. Arithmetic is in double; its rounding is left
/// to RoundingAllowance.
class Zonotope {
 public:
  /// The box centre +- radius, one generator a coordinate: generator k is radius k on coordinate k.
  Zonotope(std::span<const double> centre, std::span<const double> radius);

  int width() const { return width_; }
  int generators() const { return static_cast<int>(rows_.size()) / width_ - 1; }
  double centre(int i) const { return rows_[i]; }
  double generator(int g, int i) const { return rows_[static_cast<std::size_t>(g + 1) * width_ + i]; }
  /// Of each coordinate [width], the most that it differs from the centre.
  const std::vector<double>& radius() const { return radius_; }
  /// Of each coordinate [width], the largest magnitude and the largest value of any point.
  std::vector<double> magnitudes() const;
  std::vector<double> highest() const;

  /// Exact: every point x becomes weight * x + bias.
  void affine(const DoubleLayer& layer);
  /// Holds max(0, x) of every point x. Exact where a coordinate keeps its sign; each other one becomes
  /// slope * x + offset with an error that is a generator of its own. Returns how many those are.
  int relu();

 private:
  void update_radius();

  int width_;
  std::vector<double> rows_;    // [1 + generators, width]: the centre, then the generators
  std::vector<double> radius_;  // [width]
};

}  // namespace optinc::verify
