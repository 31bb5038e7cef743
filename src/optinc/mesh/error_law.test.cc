#include "optinc/mesh/error_law.h"

#include <cmath>

#include <gtest/gtest.h>

namespace optinc::mesh {
namespace {

// The laws hold for large meshes; others measured 0.97, 0.83 and 0.66 at 64 to 128 modes (arXiv:2103.04993,
// 2106.04363).
TEST(ErrorLaw, ConstantsOfRectangularMeshes) {
  const MeshShape rectangular{Layout::rectangular};
  const auto constant = [&](Correction correction) {
    return fitted_constant({mesh_error({rectangular, correction}, 128, 0.01, 3, 1, 1)}, correction);
  };
  EXPECT_NEAR(constant(Correction::none), 0.97, 0.05);
  EXPECT_NEAR(constant(Correction::local), 0.83, 0.12);
  EXPECT_NEAR(constant(Correction::self_configured), 0.66, 0.12);
}

TEST(ErrorLaw, LocalCorrectionOfAFewModesIsExact) {
  const MeshError error = mesh_error({{Layout::rectangular}, Correction::local}, 8, 0.002, 3, 1, 1);
  EXPECT_LT(error.mean, 1e-12);
}

TEST(ErrorLaw, DoesNotDependOnThreads) {
  const Scheme scheme{{Layout::triangular, 1, CellKind::three_mzi}, Correction::self_configured};
  EXPECT_EQ(mesh_error(scheme, 16, 0.05, 4, 3, 1).mean, mesh_error(scheme, 16, 0.05, 4, 3, 2).mean);
}

}  // namespace
}  // namespace optinc::mesh
