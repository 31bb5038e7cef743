#include "optinc/verify/relative_noise.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <mutex>
#include <utility>

#include "optinc/base/error.h"
#include "optinc/base/gaussian.h"
#include "optinc/base/parallel.h"
#include "optinc/device/preprocessing.h"
#include "optinc/device/splitting.h"
#include "optinc/linalg/blas.h"
#include "optinc/onn/forward.h"
#include "optinc/verify/inputs.h"

namespace optinc::verify {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kTile = 512;

void require_fit(const onn::Network& network, const device::DeviceShape& shape) {
  base::require(network.inputs() == shape.inputs && network.outputs() == shape.symbols(),
                "a network of {} inputs and {} outputs: expected {} and {}", network.inputs(), network.outputs(),
                shape.inputs, shape.symbols());
}

/// A forward pass layer by layer; `behind(layer, levels)` sees, and may change, every layer's outputs [count, width].
/// Returns the last.
template <typename Behind>
const std::vector<float>& pass(const onn::Network& network, std::size_t count, const std::vector<float>& inputs,
                               std::vector<float>& current, std::vector<float>& next, const Behind& behind) {
  current = inputs;
  for (std::size_t l = 0; l < network.layers.size(); ++l) {
    const onn::Layer& layer = network.layers[l];
    const auto width = static_cast<std::size_t>(layer.outputs);
    next.resize(count * width);
    for (std::size_t row = 0; row < count; ++row) std::ranges::copy(layer.bias, next.data() + row * width);
    linalg::multiply_transposed(count, width, layer.inputs, current.data(), layer.weight.data(), next.data(), 1.0f);
    if (l + 1 < network.layers.size()) {
      for (float& level : next) level = std::max(level, 0.0f);
    }
    behind(l, next);
    std::swap(current, next);
  }
  return current;
}

/// Inputs of one tile and the codes that are right.
struct Inputs {
  std::vector<std::uint64_t> numbers;  // [count]
  std::vector<float> levels;           // [count, K]
  std::vector<std::uint32_t> exact;    // [count]

  Inputs(const device::DeviceShape& shape, const NoiseOptions& options, std::uint64_t first, std::size_t count)
      : numbers(count), levels(count * shape.inputs), exact(count) {
    std::vector<std::int32_t> steps(count * shape.inputs);
    if (options.sample > 0) {
      draw_inputs(shape, options.seed, first, count, numbers.data(), steps.data());
    } else {
      for (std::size_t i = 0; i < count; ++i) numbers[i] = first + i;
      shape.enumerate_steps(first, count, steps.data());
    }
    device::levels_of_steps(shape, count, steps.data(), levels.data());
    shape.exact_codes(count, steps.data(), exact.data());
  }
};

}  // namespace

double NoiseRate::standard_error() const {
  return trials == 0 ? 0 : std::sqrt(rate() * (1 - rate()) / static_cast<double>(trials));
}

std::vector<std::vector<double>> largest_of_wires(const onn::Network& network, const device::DeviceShape& shape,
                                                  const NoiseOptions& options, base::Progress* progress) {
  require_fit(network, shape);
  std::vector<std::vector<double>> largest;
  for (const onn::Layer& layer : network.layers) largest.emplace_back(layer.outputs, 0.0);
  std::mutex mutex;
  std::uint64_t done = 0;
  const std::uint64_t all = options.sample > 0 ? options.sample : shape.input_count();
  base::parallel_for(all, kTile, options.threads, [&](std::size_t begin, std::size_t end, int) {
    const std::size_t count = end - begin;
    const Inputs inputs(shape, options, begin, count);
    std::vector<float> outputs(count * shape.symbols());
    std::vector<std::vector<double>> mine;
    for (const std::vector<double>& layer : largest) mine.emplace_back(layer.size(), 0.0);
    onn::forward(network, count, inputs.levels.data(), outputs.data(), [&](const onn::LayerSums& layer) {
      const bool activate = layer.layer + 1 < mine.size();
      for (std::size_t unit = 0; unit < layer.units; ++unit) {
        float* const sums = layer.sums + unit * layer.stride;
        for (std::size_t row = 0; row < layer.stride && activate; ++row) sums[row] = std::max(sums[row], 0.0f);
        float most = 0;
        for (std::size_t row = 0; row < layer.rows; ++row) most = std::max(most, std::abs(sums[row]));
        mine[layer.layer][unit] = std::max(mine[layer.layer][unit], double{most});
      }
    });
    const std::lock_guard lock(mutex);
    for (std::size_t l = 0; l < mine.size(); ++l) {
      std::ranges::transform(largest[l], mine[l], largest[l].begin(),
                             [](double x, double y) { return std::max(x, y); });
    }
    done += count;
    if (progress != nullptr) progress->update(static_cast<double>(done));
  });
  return largest;
}

std::vector<double> largest_outputs(const onn::Network& network, const device::DeviceShape& shape,
                                    const NoiseOptions& options, base::Progress* progress) {
  std::vector<double> largest;
  for (const std::vector<double>& layer : largest_of_wires(network, shape, options, progress)) {
    largest.push_back(*std::ranges::max_element(layer));
  }
  return largest;
}

NoiseRate noise_rate(const onn::Network& network, const device::DeviceShape& shape, const std::vector<double>& largest,
                     double sigma, const NoiseOptions& options, base::Progress* progress) {
  require_fit(network, shape);
  base::require(sigma >= 0 && std::isfinite(sigma), "relative noise {}: expected 0 or more", sigma);
  base::require(options.draws >= 1, "{} draws of noise: expected at least 1", options.draws);
  base::require(largest.size() == network.layers.size(), "largest outputs of {} layers: expected {}", largest.size(),
                network.layers.size());
  const auto start = Clock::now();
  const std::uint64_t inputs = options.sample > 0 ? options.sample : shape.input_count();
  NoiseRate result{.sigma = sigma};
  std::mutex mutex;
  base::parallel_for(inputs, kTile, options.threads, [&](std::size_t begin, std::size_t end, int) {
    thread_local std::vector<float> current, next;
    const std::size_t count = end - begin;
    const Inputs tile(shape, options, begin, count);
    std::vector<std::uint32_t> codes(count);
    std::uint64_t right = 0;
    for (int draw = 0; draw < options.draws; ++draw) {
      const auto add_noise = [&](std::size_t l, std::vector<float>& levels) {
        const auto scale = static_cast<float>(sigma * largest[l]);
        const std::size_t width = levels.size() / count;
        for (std::size_t row = 0; row < count; ++row) {
          // One stream a row, draw and layer; a sampled input has its noise by its place in the sample.
          const std::uint64_t stream = ((begin + row) * static_cast<std::uint64_t>(options.draws) + draw) * 64 + l + 1;
          base::add_gaussians(options.seed, stream, scale, width, levels.data() + row * width);
        }
      };
      const std::vector<float>& levels = pass(network, count, tile.levels, current, next, add_noise);
      device::receive(shape, count, levels.data(), codes.data());
      for (std::size_t i = 0; i < count; ++i) right += codes[i] == tile.exact[i] ? 1 : 0;
    }
    const std::lock_guard lock(mutex);
    result.trials += count * static_cast<std::uint64_t>(options.draws);
    result.right += right;
    if (progress != nullptr) progress->update(static_cast<double>(result.trials));
  });
  result.seconds = std::chrono::duration<double>(Clock::now() - start).count();
  return result;
}

double tolerated_noise(const onn::Network& network, const device::DeviceShape& shape,
                       const std::vector<double>& largest, double rate, const NoiseOptions& options) {
  const auto bears = [&](double sigma) { return noise_rate(network, shape, largest, sigma, options).rate() >= rate; };
  double low = 1e-6, high = 0.1;
  if (!bears(low)) return 0;
  if (bears(high)) return high;
  while (high > 1.02 * low) {
    const double middle = std::sqrt(low * high);
    (bears(middle) ? low : high) = middle;
  }
  return low;
}

base::Json to_json(const NoiseRate& rate) {
  return {{"sigma", rate.sigma},
          {"trials", rate.trials},
          {"right", rate.right},
          {"rate", rate.rate()},
          {"standard_error", rate.standard_error()},
          {"seconds", rate.seconds}};
}

}  // namespace optinc::verify
