// Decomposition of Haar-random unitaries, one thread. Goals: 0.1 s at 256 and 1 s at 512, largest |U - U'| at most
// 1e-14.
#include "optinc/mesh/decompose.h"

#include <benchmark/benchmark.h>

#include "optinc/linalg/polar.h"
#include "optinc/mesh/propagate.h"

namespace optinc::mesh {
namespace {

void decompose_matrix(benchmark::State& state, const linalg::ComplexMatrix& unitary, Layout layout) {
  const MeshShape shape{layout, static_cast<int>(unitary.rows())};
  Mesh mesh;
  for (auto _ : state) {
    mesh = program(unitary, shape);
    benchmark::DoNotOptimize(mesh.theta.data());
  }
  state.counters["max|U-U'|"] = (Propagator(mesh).matrix() - unitary).cwiseAbs().maxCoeff();
}

void complex_rectangular(benchmark::State& state) {
  const int size = static_cast<int>(state.range(0));
  decompose_matrix(state, linalg::random_unitary(size, 1, size), Layout::rectangular);
}
void complex_triangular(benchmark::State& state) {
  const int size = static_cast<int>(state.range(0));
  decompose_matrix(state, linalg::random_unitary(size, 1, size), Layout::triangular);
}
void real_rectangular(benchmark::State& state) {
  const int size = static_cast<int>(state.range(0));
  decompose_matrix(state, linalg::random_orthogonal(size, 1, size).cast<Complex>(), Layout::rectangular);
}

void many_blocks_of_four(benchmark::State& state) {
  std::vector<linalg::ComplexMatrix> blocks;
  for (int i = 0; i < 1024; ++i) blocks.push_back(linalg::random_orthogonal(4, 1, i).cast<Complex>());
  for (auto _ : state) benchmark::DoNotOptimize(program_all(blocks, Layout::rectangular, CellKind::mzi, 1));
  state.counters["blocks/s"] = benchmark::Counter(1024, benchmark::Counter::kIsIterationInvariantRate);
}

BENCHMARK(complex_rectangular)->Arg(64)->Arg(128)->Arg(256)->Arg(512)->Unit(benchmark::kMillisecond);
BENCHMARK(complex_triangular)->Arg(64)->Arg(128)->Arg(256)->Arg(512)->Unit(benchmark::kMillisecond);
BENCHMARK(real_rectangular)->Arg(64)->Arg(128)->Arg(256)->Arg(512)->Unit(benchmark::kMillisecond);
BENCHMARK(many_blocks_of_four)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace optinc::mesh
