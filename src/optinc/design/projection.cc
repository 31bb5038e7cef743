#include "optinc/design/projection.h"

#include <algorithm>
#include <cmath>
#include <functional>

#include "optinc/base/parallel.h"
#include "optinc/linalg/blas.h"

namespace optinc::design {
namespace {

/// A square of a layer's weight: its first element and the distance between rows.
struct Square {
  float* first;
  std::size_t side;
  std::size_t stride;
};

/// Large squares first: they are dealt out one by one.
std::vector<Square> squares_of(const ParameterLayout& layout, const onn::LayerSet& approximated,
                               std::vector<float>& parameters) {
  std::vector<Square> squares;
  for (std::size_t i = 0; i < layout.layers().size(); ++i) {
    if (!approximated.contains(static_cast<int>(i) + 1)) continue;
    const ParameterLayout::Place& layer = layout.layers()[i];
    const std::size_t outputs = layer.outputs, inputs = layer.inputs, side = std::min(outputs, inputs);
    for (std::size_t top = 0; top < outputs; top += side) {
      for (std::size_t left = 0; left < inputs; left += side) {
        squares.push_back({&parameters[layer.weight + top * inputs + left], side, inputs});
      }
    }
  }
  std::ranges::stable_sort(squares, std::greater<>(), &Square::side);
  return squares;
}

/// u = 1.5 u - 0.5 u u^T u until u u^T = I.
void orthogonalise(std::size_t n, std::vector<float>& u, std::vector<float>& gram, std::vector<float>& product) {
  constexpr int kMostSteps = 4;
  constexpr float kClose = 1e-4f;
  gram.resize(n * n);
  product.resize(n * n);
  for (int step = 0; step < kMostSteps; ++step) {
    linalg::multiply_transposed(n, n, n, u.data(), u.data(), gram.data());
    // The step squares the error: ||E||_F bounds its spectral norm.
    double error = 0;
    for (std::size_t i = 0; i < n; ++i) {
      for (std::size_t j = 0; j < n; ++j) {
        const double entry = gram[i * n + j] - (i == j ? 1.0f : 0.0f);
        error += entry * entry;
      }
    }
    linalg::multiply(n, n, n, gram.data(), u.data(), product.data());
    for (std::size_t i = 0; i < n * n; ++i) u[i] = 1.5f * u[i] - 0.5f * product[i];
    if (0.75 * error < kClose) break;
  }
}

void project(const Square& square) {
  thread_local std::vector<float> u, gram, product;
  const std::size_t n = square.side;
  u.resize(n * n);
  for (std::size_t row = 0; row < n; ++row) {
    const float* weight = square.first + row * square.stride;
    float length = 0;
    for (std::size_t j = 0; j < n; ++j) length += weight[j] * weight[j];
    const float scale = 1 / std::max(std::sqrt(length), 1e-20f);
    for (std::size_t j = 0; j < n; ++j) u[row * n + j] = scale * weight[j];
  }
  orthogonalise(n, u, gram, product);
  for (std::size_t row = 0; row < n; ++row) {
    float* weight = square.first + row * square.stride;
    float diagonal = 0;
    for (std::size_t j = 0; j < n; ++j) diagonal += weight[j] * u[row * n + j];
    for (std::size_t j = 0; j < n; ++j) weight[j] = diagonal * u[row * n + j];
  }
}

}  // namespace

void project(const ParameterLayout& layout, const onn::LayerSet& approximated, std::vector<float>& parameters,
             int threads) {
  const std::vector<Square> squares = squares_of(layout, approximated, parameters);
  base::parallel_for(squares.size(), 1, threads, [&](std::size_t index, std::size_t, int) { project(squares[index]); });
}

}  // namespace optinc::design
