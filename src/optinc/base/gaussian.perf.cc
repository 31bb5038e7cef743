// Gaussian numbers a second on one core, beside the plain reference. Goal: 2 ns a number or less (5e8/s) with AVX2.
// Rows of 4 and 64 numbers, each a stream of its own, are what noise on an ONN's layers takes.
#include "optinc/base/gaussian.h"

#include <vector>

#include <benchmark/benchmark.h>

namespace optinc::base {
namespace {

template <auto kAdd>
void add(benchmark::State& state) {
  const auto count = static_cast<std::size_t>(state.range(0));
  std::vector<float> values(count);
  std::uint64_t stream = 0;
  for (auto _ : state) {
    kAdd(1, stream++, 0.5f, count, values.data());
    benchmark::DoNotOptimize(values.data());
    benchmark::ClobberMemory();
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}

BENCHMARK(add<add_gaussians>)->Name("add_gaussians")->Arg(4)->Arg(64)->Arg(256)->Arg(1 << 16);
BENCHMARK(add<reference::add_gaussians>)->Name("reference")->Arg(64)->Arg(1 << 16);

}  // namespace
}  // namespace optinc::base
