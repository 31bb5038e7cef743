#include "optinc/mesh/bench.h"

#include <gtest/gtest.h>

#include "optinc/mesh/decompose.h"
#include "optinc/mesh/propagate.h"
#include "optinc/mesh/testing.h"

namespace optinc::mesh {
namespace {

double error_of(const linalg::ComplexMatrix& wanted, const Mesh& mesh, const std::vector<Couplers>& couplers) {
  return (reference::matrix_of(mesh, {couplers, {}}) - wanted).norm();
}

TEST(SelfConfigure, FindsTheMatrixWithoutKnowingTheCouplers) {
  const linalg::ComplexMatrix wanted = linalg::random_unitary(8, 1, 0);
  // At rms 0.002 and 8 modes every split is within reach, so that the result must be exact.
  const MeshShape shape{Layout::triangular, 8};
  const std::vector<Couplers> couplers = random_couplers(shape, 0.002, 3);
  Bench bench(shape, couplers);
  self_configure(bench, wanted);
  EXPECT_LT(error_of(wanted, bench.mesh(), couplers), 1e-12);
  EXPECT_GT(error_of(wanted, program(wanted, shape), couplers), 5e-3);
  // 28 cells, 75 settings of theta with four measurements, and eight output phases.
  EXPECT_EQ(bench.measurements(), 28u * 75 * 4 + 8);
}

TEST(SelfConfigure, DoesAsWellAsWithAModelOfTheCouplers) {
  const linalg::ComplexMatrix wanted = linalg::random_unitary(24, 2, 0);
  for (const CellKind kind : {CellKind::mzi, CellKind::three_mzi}) {
    const MeshShape shape{Layout::triangular, 24, kind};
    const std::vector<Couplers> couplers = random_couplers(shape, 0.05, 4);
    Bench bench(shape, couplers);
    self_configure(bench, wanted);
    const double known = error_of(wanted, program(wanted, shape, Correction::self_configured, couplers), couplers);
    const double measured = error_of(wanted, bench.mesh(), couplers);
    EXPECT_GT(known, 1e-3 * (kind == CellKind::mzi)) << to_string(kind);
    EXPECT_NEAR(measured, known, 0.1 * known + 1e-9) << to_string(kind);
  }
}

}  // namespace
}  // namespace optinc::mesh
