// GFLOP/s of the forward pass beside sgemm's. Goal: at least 75 % of sgemm's rate at 2048 on the structure with 512.
#include "optinc/onn/forward.h"

#include <algorithm>
#include <vector>

#include <benchmark/benchmark.h>

#include "optinc/linalg/blas.h"

namespace optinc::onn {
namespace {

constexpr std::size_t kRows = 4096;

std::vector<float> some_numbers(std::size_t count) {
  std::vector<float> numbers(count);
  for (std::size_t i = 0; i < count; ++i) numbers[i] = static_cast<float>(i * 37 % 101) / 1000 - 0.05f;
  return numbers;
}

void report_flops(benchmark::State& state, double flops) {
  state.counters["FLOP/s"] = benchmark::Counter(flops, benchmark::Counter::kIsIterationInvariantRate);
}

void forward_pass(benchmark::State& state, const std::vector<int>& widths) {
  Network network;
  double flops = 0;
  for (std::size_t i = 0; i + 1 < widths.size(); ++i) {
    const std::size_t weights = static_cast<std::size_t>(widths[i]) * widths[i + 1];
    network.layers.push_back({widths[i + 1], widths[i], some_numbers(weights), some_numbers(widths[i + 1])});
    flops += 2.0 * static_cast<double>(weights * kRows);
  }
  const std::vector<float> inputs = some_numbers(kRows * widths.front());
  std::vector<float> outputs(kRows * widths.back());
  for (auto _ : state) {
    forward(network, kRows, inputs.data(), outputs.data());
    benchmark::DoNotOptimize(outputs.data());
  }
  report_flops(state, flops);
}

void sgemm(benchmark::State& state, std::size_t m, std::size_t n, std::size_t k) {
  const std::vector<float> a = some_numbers(m * k);
  const std::vector<float> b = some_numbers(n * k);
  std::vector<float> c(m * n);
  for (auto _ : state) {
    linalg::multiply_transposed(m, n, k, a.data(), b.data(), c.data());
    benchmark::DoNotOptimize(c.data());
  }
  report_flops(state, 2.0 * static_cast<double>(m * n * k));
}

BENCHMARK_CAPTURE(sgemm, 2048_x_2048_x_2048, 2048, 2048, 2048)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(sgemm, widest_layer_of_256_rows, 256, 512, 256)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(forward_pass, 4_64_128_256_128_64_4, {4, 64, 128, 256, 128, 64, 4})->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(forward_pass, 4_64_128_256_512_256_128_64_4, {4, 64, 128, 256, 512, 256, 128, 64, 4})
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace optinc::onn
