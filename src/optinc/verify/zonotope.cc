#include "optinc/verify/zonotope.h"

#include <algorithm>
#include <cmath>

#include "optinc/linalg/blas.h"

namespace optinc::verify {

DoubleLayer::DoubleLayer(const onn::Layer& layer)
    : outputs(layer.outputs),
      inputs(layer.inputs),
      weight(layer.weight.begin(), layer.weight.end()),
      bias(layer.bias.begin(), layer.bias.end()) {}

Zonotope::Zonotope(std::span<const double> centre, std::span<const double> radius)
    : width_(static_cast<int>(centre.size())), rows_(centre.begin(), centre.end()) {
  rows_.resize(static_cast<std::size_t>(width_ + 1) * width_);
  for (int k = 0; k < width_; ++k) rows_[static_cast<std::size_t>(k + 1) * width_ + k] = radius[k];
  update_radius();
}

std::vector<double> Zonotope::magnitudes() const {
  std::vector<double> magnitudes(width_);
  for (int i = 0; i < width_; ++i) magnitudes[i] = std::abs(rows_[i]) + radius_[i];
  return magnitudes;
}

std::vector<double> Zonotope::highest() const {
  std::vector<double> highest(width_);
  for (int i = 0; i < width_; ++i) highest[i] = rows_[i] + radius_[i];
  return highest;
}

void Zonotope::affine(const DoubleLayer& layer) {
  const std::size_t rows = rows_.size() / width_;
  std::vector<double> image(rows * layer.outputs);
  std::ranges::copy(layer.bias, image.begin());
  linalg::multiply_transposed(rows, layer.outputs, layer.inputs, rows_.data(), layer.weight.data(), image.data(), 1.0);
  rows_ = std::move(image);
  width_ = layer.outputs;
  update_radius();
}

int Zonotope::relu() {
  struct Unstable {
    int i;
    double slope, error;
  };
  std::vector<Unstable> unstable;
  const std::size_t rows = rows_.size() / width_;
  for (int i = 0; i < width_; ++i) {
    const double low = rows_[i] - radius_[i], high = rows_[i] + radius_[i];
    if (low >= 0) continue;
    double slope = 0;
    if (high > 0) {
      slope = high / (high - low);
      // max(0, x) - slope * x is 0 at x = 0 and largest at one of the ends: half of that either way.
      unstable.push_back({i, slope, 0.5 * std::max(-slope * low, (1 - slope) * high)});
    }
    for (std::size_t row = 0; row < rows; ++row) rows_[row * width_ + i] *= slope;
    radius_[i] *= slope;
  }
  rows_.resize((rows + unstable.size()) * width_);
  for (std::size_t j = 0; j < unstable.size(); ++j) {
    const auto [i, slope, error] = unstable[j];
    rows_[i] += error;
    rows_[(rows + j) * width_ + i] = error;
    radius_[i] += error;
  }
  return static_cast<int>(unstable.size());
}

void Zonotope::update_radius() {
  radius_.assign(width_, 0.0);
  for (std::size_t row = 1; row < rows_.size() / width_; ++row) {
    const double* const generator = rows_.data() + row * width_;
    for (int i = 0; i < width_; ++i) radius_[i] += std::abs(generator[i]);
  }
  // A sum of a few hundred terms is off by less than a part in 10^12.
  for (int i = 0; i < width_; ++i) radius_[i] = radius_[i] * (1 + 1e-12) + std::abs(rows_[i]) * 1e-15;
}

}  // namespace optinc::verify
