// Why not BLAS: OpenBLAS sums in another order at other places of a matrix (its kernel for AVX2 keeps two partial sums
// in some blocks of 8 rows and one in others), so that a row's bits would depend on its place in the batch, and a
// server's result on how the elements were dealt out. Here the rows of a block lie side by side in the vector lanes,
// and each lane does the same. It also spares the passes over memory for bias and ReLU.
#include "optinc/onn/forward.h"

#include <algorithm>
#include <vector>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "optinc/onn/forward.cc"
#include <hwy/aligned_allocator.h>
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace optinc::onn::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

using Floats = hn::ScalableTag<float>;
using FloatVector = hn::Vec<Floats>;

// 4 outputs times 3 vectors of rows are 12 sums at a time: enough to hide the latency of fused multiply-add, few enough
// for 16 registers, and the paper's widths are multiples of 4.
constexpr std::size_t kOutputsAtOnce = 4;
constexpr std::size_t kVectors = 3;
constexpr std::size_t kLanes = hn::MaxLanes(Floats());
/// Rows of a block. Levels of a block are stored [width][kBlockRows].
constexpr std::size_t kBlockRows = kVectors * kLanes;

/// kOutputs neighbouring outputs: weight [kOutputs, inputs], bias [kOutputs], from [inputs][kBlockRows],
/// to [kOutputs][kBlockRows].
template <std::size_t kOutputs>
HWY_INLINE void multiply(const float* HWY_RESTRICT weight, const float* HWY_RESTRICT bias, std::size_t inputs,
                         bool activate, const float* HWY_RESTRICT from, float* HWY_RESTRICT to) {
  const Floats d;
  FloatVector sums[kOutputs][kVectors];
  for (std::size_t i = 0; i < kOutputs; ++i) {
    for (std::size_t v = 0; v < kVectors; ++v) sums[i][v] = hn::Set(d, bias[i]);
  }
  for (std::size_t k = 0; k < inputs; ++k) {
    FloatVector levels[kVectors];
    for (std::size_t v = 0; v < kVectors; ++v) levels[v] = hn::Load(d, from + k * kBlockRows + v * kLanes);
    for (std::size_t i = 0; i < kOutputs; ++i) {
      const FloatVector w = hn::Set(d, weight[i * inputs + k]);
      for (std::size_t v = 0; v < kVectors; ++v) sums[i][v] = hn::MulAdd(w, levels[v], sums[i][v]);
    }
  }
  for (std::size_t i = 0; i < kOutputs; ++i) {
    for (std::size_t v = 0; v < kVectors; ++v) {
      // In this order of operands a NaN passes x86's maximum.
      const FloatVector level = activate ? hn::Max(hn::Zero(d), sums[i][v]) : sums[i][v];
      hn::Store(level, d, to + i * kBlockRows + v * kLanes);
    }
  }
}

void forward_layer(const Layer& layer, bool activate, const float* from, float* to) {
  const auto inputs = static_cast<std::size_t>(layer.inputs);
  const auto outputs = static_cast<std::size_t>(layer.outputs);
  const float* const weight = layer.weight.data();
  const float* const bias = layer.bias.data();
  std::size_t i = 0;
  for (; i + kOutputsAtOnce <= outputs; i += kOutputsAtOnce) {
    multiply<kOutputsAtOnce>(weight + i * inputs, bias + i, inputs, activate, from, to + i * kBlockRows);
  }
  for (; i < outputs; ++i) multiply<1>(weight + i * inputs, bias + i, inputs, activate, from, to + i * kBlockRows);
}

/// behind: null for ReLUs.
void forward_rows(const Network& network, std::size_t count, const float* inputs, float* outputs,
                  const std::function<void(const LayerSums&)>* behind) {
  const auto input_width = static_cast<std::size_t>(network.inputs());
  const auto output_width = static_cast<std::size_t>(network.outputs());
  const auto largest_width = static_cast<std::size_t>(std::ranges::max(network.widths()));
  const auto scratch = hwy::AllocateAligned<float>(2 * largest_width * kBlockRows);
  float* current = scratch.get();
  float* next = current + largest_width * kBlockRows;

  for (std::size_t first = 0; first < count; first += kBlockRows) {
    const std::size_t rows = std::min(kBlockRows, count - first);
    for (std::size_t k = 0; k < input_width; ++k) {
      float* const levels = current + k * kBlockRows;
      for (std::size_t row = 0; row < rows; ++row) levels[row] = inputs[(first + row) * input_width + k];
      std::fill(levels + rows, levels + kBlockRows, 0.0f);
    }
    for (std::size_t l = 0; l < network.layers.size(); ++l) {
      const Layer& layer = network.layers[l];
      forward_layer(layer, behind == nullptr && l + 1 < network.layers.size(), current, next);
      if (behind != nullptr) (*behind)({l, first, rows, static_cast<std::size_t>(layer.outputs), kBlockRows, next});
      std::swap(current, next);
    }
    for (std::size_t row = 0; row < rows; ++row) {
      for (std::size_t i = 0; i < output_width; ++i) {
        outputs[(first + row) * output_width + i] = current[i * kBlockRows + row];
      }
    }
  }
}

}  // namespace
}  // namespace optinc::onn::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace optinc::onn {

HWY_EXPORT(forward_rows);

void forward(const Network& network, std::size_t count, const float* inputs, float* outputs) {
  HWY_DYNAMIC_DISPATCH(forward_rows)(network, count, inputs, outputs, nullptr);
}

void forward(const Network& network, std::size_t count, const float* inputs, float* outputs,
             const std::function<void(const LayerSums&)>& behind) {
  HWY_DYNAMIC_DISPATCH(forward_rows)(network, count, inputs, outputs, &behind);
}

namespace reference {

void forward(const Network& network, std::size_t count, const float* inputs, double* outputs) {
  const auto input_width = static_cast<std::size_t>(network.inputs());
  const auto output_width = static_cast<std::size_t>(network.outputs());
  for (std::size_t row = 0; row < count; ++row) {
    std::vector<double> levels(inputs + row * input_width, inputs + (row + 1) * input_width);
    for (const Layer& layer : network.layers) {
      std::vector<double> sums(layer.bias.begin(), layer.bias.end());
      for (std::size_t i = 0; i < sums.size(); ++i) {
        for (std::size_t k = 0; k < levels.size(); ++k)
          sums[i] += double{layer.weight[i * levels.size() + k]} * levels[k];
        if (&layer != &network.layers.back()) sums[i] = std::max(sums[i], 0.0);
      }
      levels = std::move(sums);
    }
    std::ranges::copy(levels, outputs + row * output_width);
  }
}

}  // namespace reference
}  // namespace optinc::onn
#endif
