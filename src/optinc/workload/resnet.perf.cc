// Training's rate on one thread beside sgemm's. Goal: ResNet20 at 70 % of sgemm's rate or more; its convolutions alone
// are above it, normalisation and activations are memory's business.
#include "optinc/workload/resnet.h"

#include <vector>

#include <benchmark/benchmark.h>

#include "optinc/linalg/sgemm_rate.h"

namespace optinc::workload {
namespace {

// Multiplications of one image's forward pass, 32 x 32, 100 classes: the stem, then 6 convolutions a stage, and the
// matrix.
constexpr double kResnet20Products = 3 * 16 * 9 * 1024 + 6 * (16 * 16 * 9 * 1024) + 9 * 256 * (16 * 32 + 5 * 32 * 32) +
                                     9 * 64 * (32 * 64 + 5 * 64 * 64) + 64 * 100;

void gradient(benchmark::State& state, const ResnetOptions& options, double products) {
  const auto batch = static_cast<int>(state.range(0));
  Resnet model(options, 1);
  std::vector<float> images(static_cast<std::size_t>(batch) * 32 * 32 * 3);
  for (std::size_t i = 0; i < images.size(); ++i) images[i] = static_cast<float>(i % 17) / 17 - 0.5f;
  const std::vector<std::int64_t> labels(batch, 1);
  std::vector<float> slope(model.parameters().size());
  for (auto _ : state) benchmark::DoNotOptimize(model.loss_and_gradient(images, labels, 32, 0, slope));
  using benchmark::Counter;
  state.counters["images/s"] = Counter(batch, Counter::kIsIterationInvariantRate);
  if (products == 0) return;
  // Forward, and as much again for the gradients of inputs and of weights.
  state.counters["FLOP/s"] = Counter(3 * 2 * products * batch, Counter::kIsIterationInvariantRate);
  state.counters["sgemm_FLOP/s"] = 1e9 * linalg::measure_sgemm_gflops(1, 0.5);
}

BENCHMARK_CAPTURE(gradient, resnet20, {.depth = 20}, kResnet20Products)
    ->Arg(32)
    ->Arg(128)
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(gradient, resnet50_imagenet_stem, {.depth = 50, .stem = Stem::imagenet}, 0)
    ->Arg(64)
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace optinc::workload
