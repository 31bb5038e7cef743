#include "optinc/mesh/propagate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "optinc/base/error.h"
#include "optinc/mesh/decompose.h"
#include "optinc/mesh/testing.h"

namespace optinc::mesh {
namespace {

Mesh random_mesh(const MeshShape& shape, std::uint64_t seed) {
  return program(linalg::random_unitary(shape.size, seed, 0), shape);
}

linalg::ComplexMatrix random_fields(int count, int size, std::uint64_t seed) {
  const base::CounterStream stream(seed, 1);
  linalg::ComplexMatrix fields(count, size);
  for (Eigen::Index i = 0; i < fields.size(); ++i) {
    fields.data()[i] = {stream.uniform(2 * i) - 0.5, stream.uniform(2 * i + 1) - 0.5};
  }
  return fields;
}

Parts random_parts(const MeshShape& shape) {
  Parts parts{random_couplers(shape, 0.05, 9), {}};
  const base::CounterStream stream(9, 9);
  for (std::size_t i = 0; i < shape.cells(); ++i) {
    const auto draw = [&](std::size_t k) { return 0.8 + 0.2 * stream.uniform(4 * i + k); };
    parts.arms.push_back({draw(0), draw(1), draw(2), draw(3)});
  }
  return parts;
}

RC_GTEST_PROP(Propagate, EnginesAgreeWithTheReference, ()) {
  const int size = *rc::gen::inRange(1, 40), count = *rc::gen::inRange(1, 100);
  const auto seed = *rc::gen::arbitrary<std::uint64_t>();
  MeshShape shape{*rc::gen::element(Layout::rectangular, Layout::triangular), size};
  if (shape.layout == Layout::triangular && *rc::gen::arbitrary<bool>()) shape.kind = CellKind::three_mzi;
  const Mesh mesh = random_mesh(shape, seed);
  const Parts parts = random_parts(shape);
  const Propagator propagator(mesh, parts);
  const linalg::ComplexMatrix matrix = reference::matrix_of(mesh, parts);
  RC_ASSERT(distance(propagator.matrix(), matrix) < 1e-14);

  const linalg::ComplexMatrix in = random_fields(count, size, seed);
  const linalg::ComplexMatrix wanted = in * matrix.transpose();
  const Eigen::Matrix<std::complex<float>, -1, -1, Eigen::RowMajor> in_float = in.cast<std::complex<float>>();
  for (const Engine engine : {Engine::automatic, Engine::cells, Engine::matrix}) {
    linalg::ComplexMatrix out(count, size);
    propagator.propagate(count, in.data(), out.data(), engine);
    RC_ASSERT(distance(out, wanted) < 1e-13);
    Eigen::Matrix<std::complex<float>, -1, -1, Eigen::RowMajor> out_float(count, size);
    propagator.propagate(count, in_float.data(), out_float.data(), engine);
    RC_ASSERT(distance(out_float.cast<Complex>(), wanted) < 1e-5);
  }
}

TEST(Propagate, SameCallSameBits) {
  const Propagator propagator(random_mesh({Layout::rectangular, 19}, 4));
  const linalg::ComplexMatrix in = random_fields(50, 19, 1);
  for (const Engine engine : {Engine::cells, Engine::matrix}) {
    linalg::ComplexMatrix once(50, 19), again(50, 19);
    propagator.propagate(50, in.data(), once.data(), engine);
    propagator.propagate(50, in.data(), again.data(), engine);
    EXPECT_EQ(once, again);
  }
}

TEST(Propagate, ThroughCellsAVectorDoesNotDependOnItsPlace) {
  const Propagator propagator(random_mesh({Layout::triangular, 10}, 4));
  const linalg::ComplexMatrix in = random_fields(70, 10, 1);
  linalg::ComplexMatrix all(70, 10), one(1, 10);
  propagator.propagate(70, in.data(), all.data(), Engine::cells);
  for (const int row : {0, 31, 32, 69}) {
    propagator.propagate(1, in.row(row).data(), one.data(), Engine::cells);
    EXPECT_EQ(one, all.row(row)) << row;
  }
}

TEST(Propagate, RefusesPartsOfAnotherMesh) {
  const Mesh mesh = random_mesh({Layout::rectangular, 4}, 1);
  EXPECT_THAT(
      [&] {
        Propagator(mesh, {std::vector<Couplers>(5), {}});
      },
      testing::ThrowsMessage<base::InputError>(testing::HasSubstr("expected 6")));
}

}  // namespace
}  // namespace optinc::mesh
