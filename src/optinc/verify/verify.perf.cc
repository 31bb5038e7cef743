// GFLOP/s of a whole verification beside the forward pass's limit, sgemm, and what everything but the forward pass
// costs. Goal: at least 75 % of sgemm's rate.
#include "optinc/verify/verify.h"

#include <vector>

#include <benchmark/benchmark.h>

#include "optinc/device/exact_averager.h"
#include "optinc/device/onn_averager.h"
#include "optinc/linalg/sgemm_rate.h"

namespace optinc::verify {
namespace {

const device::DeviceShape kSmall{.bits = 8, .servers = 4, .inputs = 4};   // 28,561 inputs
const device::DeviceShape kLarge{.bits = 16, .servers = 4, .inputs = 4};  // 13,845,841 inputs

onn::Design some_design(const std::vector<int>& widths) {
  onn::Design design;
  for (std::size_t i = 0; i + 1 < widths.size(); ++i) {
    onn::Layer layer{.outputs = widths[i + 1], .inputs = widths[i]};
    layer.weight.resize(static_cast<std::size_t>(layer.outputs) * layer.inputs);
    layer.bias.assign(layer.outputs, 0.1f);
    for (std::size_t k = 0; k < layer.weight.size(); ++k) {
      layer.weight[k] = static_cast<float>(k * 37 % 101) / 1000 - 0.05f;
    }
    design.network.layers.push_back(layer);
  }
  return design;
}

void onn_of(benchmark::State& state, const device::DeviceShape& shape, const std::vector<int>& widths) {
  const onn::Design design = some_design(widths);
  const device::OnnAverager averager(design, shape);
  constexpr std::uint64_t kCount = 28'561;
  double flops = 0;
  for (const onn::Layer& layer : design.network.layers) flops += 2.0 * static_cast<double>(layer.weight.size());
  for (auto _ : state) benchmark::DoNotOptimize(verify(averager, {.threads = 1, .count = kCount}));
  state.counters["FLOP/s"] = benchmark::Counter(flops * kCount, benchmark::Counter::kIsIterationInvariantRate);
}

/// All but the forward pass.
void exact(benchmark::State& state, const device::DeviceShape& shape) {
  const device::ExactAverager averager(shape);
  constexpr std::uint64_t kCount = 28'561;
  for (auto _ : state) benchmark::DoNotOptimize(verify(averager, {.threads = 1, .count = kCount}));
  state.counters["inputs/s"] = benchmark::Counter(kCount, benchmark::Counter::kIsIterationInvariantRate);
}

void sgemm(benchmark::State& state) {
  double rate = 0;
  for (auto _ : state) rate = linalg::measure_sgemm_gflops(/*threads=*/1, /*seconds=*/0.3);
  state.counters["FLOP/s"] = rate * 1e9;
}

BENCHMARK(sgemm)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(onn_of, 4_64_128_256_128_64_4, kSmall, {4, 64, 128, 256, 128, 64, 4})->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(onn_of, 4_64_128_256_512_256_128_64_8, kLarge, {4, 64, 128, 256, 512, 256, 128, 64, 8})
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(onn_of, 4_32_48_48_32_4, kSmall, {4, 32, 48, 48, 32, 4})->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(exact, 8_bits, kSmall)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(exact, 16_bits, kLarge)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace optinc::verify
