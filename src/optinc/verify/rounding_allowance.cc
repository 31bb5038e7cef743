#include "optinc/verify/rounding_allowance.h"

#include <algorithm>
#include <cmath>

#include "optinc/linalg/spectral_norm.h"

namespace optinc::verify {
namespace {

// Float32's least numbers are coarser than a relative bound says: far more than a layer's sums lose to that.
constexpr double kUnderflow = 1e-35;

// Pays for the rounding of the bounds' own sums.
constexpr double kSafe = 1 + 1e-9;

double norm_of(const std::vector<double>& values) {
  double sum = 0;
  for (const double value : values) sum += value * value;
  return std::sqrt(sum) * kSafe;
}

}  // namespace

double float32_gamma(int terms) {
  const double units = (terms + 2) * 0x1p-24;
  return units / (1 - units);
}

RoundingAllowance::RoundingAllowance(const onn::Network& network) {
  for (const onn::Layer& layer : network.layers) {
    const Eigen::Map<const Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>> weight(
        layer.weight.data(), layer.outputs, layer.inputs);
    const linalg::Matrix matrix = weight.cast<double>();
    Layer own{.outputs = layer.outputs,
              .inputs = layer.inputs,
              .absolute = {},
              .bias = {},
              .row_norms = {},
              .norm = linalg::spectral_norm(matrix)};
    for (const float value : layer.weight) own.absolute.push_back(std::abs(double{value}));
    for (const float value : layer.bias) own.bias.push_back(std::abs(double{value}));
    for (int i = 0; i < layer.outputs; ++i) own.row_norms.push_back(matrix.row(i).norm());
    layers_.push_back(std::move(own));
  }
}

Deviation RoundingAllowance::behind(std::size_t layer, std::span<const double> magnitudes,
                                    const Deviation& before) const {
  const Layer& own = layers_[layer];
  Deviation after{std::vector<double>(own.outputs), 0};
  std::vector<double> rounding(own.outputs);
  for (int i = 0; i < own.outputs; ++i) {
    const double* const row = own.absolute.data() + static_cast<std::size_t>(i) * own.inputs;
    double passed_on = 0, summed = own.bias[i];
    int terms = 0;  // products that are 0 add nothing, and round nothing
    for (int j = 0; j < own.inputs; ++j) {
      const double product = row[j] * (magnitudes[j] + before.each[j]);
      passed_on += row[j] * before.each[j];
      summed += product;
      terms += product > 0 ? 1 : 0;
    }
    rounding[i] = float32_gamma(terms) * summed * kSafe + (terms > 0 ? kUnderflow : 0);
    after.each[i] = std::min(passed_on, own.row_norms[i] * before.norm) * kSafe + rounding[i];
  }
  after.norm = std::min(own.norm * before.norm * kSafe + norm_of(rounding), norm_of(after.each));
  return after;
}

void RoundingAllowance::relu(std::span<const double> highest, Deviation& deviation) {
  for (std::size_t i = 0; i < highest.size(); ++i) {
    if (highest[i] + deviation.each[i] <= 0) deviation.each[i] = 0;
  }
  deviation.norm = std::min(deviation.norm, norm_of(deviation.each));
}

}  // namespace optinc::verify
