// How many Mach-Zehnder interferometers a design takes (paper section III-B; reproduces Table I and II to the digit).
#pragma once

#include <cstdint>
#include <vector>

#include "optinc/onn/layer_set.h"

namespace optinc::onn {

/// A dense m x n matrix by its SVD, W = U S V^T: m(m+1)/2 + n(n-1)/2.
std::int64_t dense_mzis(std::int64_t outputs, std::int64_t inputs);
/// An approximated one: max/min squares of side q = min(m, n), q(q+1)/2 each.
std::int64_t approximated_mzis(std::int64_t outputs, std::int64_t inputs);

struct LayerArea {
  int outputs = 0;
  int inputs = 0;
  bool approximated = false;
  std::int64_t mzis = 0;
  std::int64_t dense_mzis = 0;      ///< the same layer without approximation
  std::int64_t reference_mzis = 0;  ///< for the bias (ours, told apart): m attenuators + (m-1) splitters + m combiners
  std::int64_t activations = 0;     ///< ReLU elements behind the layer (0 for the last)
};

struct Area {
  std::vector<LayerArea> layers;
  std::int64_t preprocessing_mzis = 0;  ///< P, a K x (M N) matrix, counted dense
  std::int64_t splitting_mzis = 0;      ///< T, an (N M) x M matrix, counted dense
  std::int64_t mzis = 0;                ///< all layers, P and T
  std::int64_t dense_mzis = 0;          ///< the same without approximation
  std::int64_t reference_mzis = 0;
  std::int64_t activations = 0;
  /// Of the ONN alone, which is what designs of one device differ in.
  std::int64_t without_p_and_t() const { return mzis - preprocessing_mzis - splitting_mzis; }
  std::int64_t dense_without_p_and_t() const { return dense_mzis - preprocessing_mzis - splitting_mzis; }
  double ratio() const { return static_cast<double>(mzis) / static_cast<double>(dense_mzis); }
};

/// widths: layer widths from K to M. servers: N.
Area count_mzis(const std::vector<int>& widths, const LayerSet& approximated, int servers);

}  // namespace optinc::onn
