// Both engines beside zgemm: vectors a second. From `crossover` vectors on, building the matrix first is the faster
// way.
#include "optinc/mesh/propagate.h"

#include <vector>

#include <benchmark/benchmark.h>

#include "optinc/linalg/blas.h"
#include "optinc/mesh/decompose.h"

namespace optinc::mesh {
namespace {

template <typename T>
void run(benchmark::State& state, Engine engine) {
  const int size = static_cast<int>(state.range(0));
  const auto count = static_cast<std::size_t>(state.range(1));
  const Propagator propagator(program(linalg::random_unitary(size, 1, size), {Layout::rectangular, size}));
  std::vector<std::complex<T>> in(count * size, {T{0.25}, T{0.5}}), out(in.size());
  for (auto _ : state) {
    propagator.propagate(count, in.data(), out.data(), engine);
    benchmark::DoNotOptimize(out.data());
  }
  state.counters["vectors/s"] =
      benchmark::Counter(static_cast<double>(count), benchmark::Counter::kIsIterationInvariantRate);
}

void cells_double(benchmark::State& state) {
  run<double>(state, Engine::cells);
}
void cells_float(benchmark::State& state) {
  run<float>(state, Engine::cells);
}
void matrix_double(benchmark::State& state) {
  run<double>(state, Engine::matrix);
}
void matrix_float(benchmark::State& state) {
  run<float>(state, Engine::matrix);
}

/// The product alone.
void zgemm(benchmark::State& state) {
  const auto size = static_cast<std::size_t>(state.range(0)), count = static_cast<std::size_t>(state.range(1));
  const std::vector<Complex> in(count * size, {0.25, 0.5}), matrix(size * size, {0.1, 0.2});
  std::vector<Complex> out(in.size());
  for (auto _ : state) {
    linalg::multiply_transposed(count, size, size, in.data(), matrix.data(), out.data());
    benchmark::DoNotOptimize(out.data());
  }
  state.counters["vectors/s"] =
      benchmark::Counter(static_cast<double>(count), benchmark::Counter::kIsIterationInvariantRate);
}

void sizes(benchmark::internal::Benchmark* benchmark) {
  for (const int size : {64, 256}) {
    for (const int count : {size / 2, size, 3 * size / 2, 2 * size, 4 * size, 16 * size})
      benchmark->Args({size, count});
  }
}

BENCHMARK(cells_double)->Apply(sizes);
BENCHMARK(matrix_double)->Apply(sizes);
BENCHMARK(zgemm)->Apply(sizes);
BENCHMARK(cells_float)->Apply(sizes);
BENCHMARK(matrix_float)->Apply(sizes);

}  // namespace
}  // namespace optinc::mesh
