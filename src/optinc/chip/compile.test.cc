#include "optinc/chip/compile.h"

#include <Eigen/Eigenvalues>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "optinc/base/error.h"
#include "optinc/chip/testing.h"
#include "optinc/chip/unit_matrices.h"
#include "optinc/onn/mzi_count.h"

namespace optinc::chip {
namespace {

/// Largest |entry| of the stage's matrix less what it should be.
double difference(const Stage& stage, const linalg::Matrix& wanted) {
  return (stage_matrix(stage) - wanted).cwiseAbs().maxCoeff();
}

void expect_matrices(const Program& program, const onn::Design& design, double tolerance) {
  EXPECT_LT(difference(program.stages.front(), preprocessing_matrix(program.shape)), 1e-14);
  EXPECT_LT(difference(program.stages.back(), splitting_matrix(program.shape)), 1e-14);
  for (std::size_t l = 0; l < design.network.layers.size(); ++l) {
    const onn::Layer& layer = design.network.layers[l];
    linalg::Matrix weight(layer.outputs, layer.inputs);
    for (Eigen::Index i = 0; i < weight.size(); ++i) weight.data()[i] = layer.weight[i];
    EXPECT_LT(difference(program.stages[l + 1], weight), tolerance * weight.cwiseAbs().maxCoeff()) << "layer " << l + 1;
    EXPECT_EQ(program.stages[l + 1].bias, std::vector<double>(layer.bias.begin(), layer.bias.end()));
  }
  check(program, "compiled");
}

TEST(Compile, StagesAreTheWeights) {
  expect_matrices(shipped_program(), shipped_design(), 1e-6);
}

TEST(Compile, DenseLayersAndOtherLayoutsToo) {
  onn::Design design = shipped_design();
  design.network.layers.erase(design.network.layers.begin() + 1, design.network.layers.end() - 1);
  design.approximated = onn::LayerSet::parse("none", 2);
  for (const CompileOptions& options : {CompileOptions{}, CompileOptions{mesh::Layout::triangular},
                                        CompileOptions{mesh::Layout::triangular, mesh::CellKind::three_mzi}}) {
    expect_matrices(assemble(design, "dense", options), design, 1e-12);
  }
}

TEST(Compile, DoesNotDependOnThreads) {
  const onn::Design design = shipped_design();
  EXPECT_EQ(compile(design, "d", {.threads = 1}), compile(design, "d", {.threads = 2}));
}

TEST(Compile, EverythingPassiveIsPassive) {
  for (const Stage& stage : shipped_program().stages) {
    const linalg::ComplexMatrix passive = stage_matrix(stage, /*passive=*/true);
    // The spectral norm is at most 1: no part gives light.
    const linalg::ComplexMatrix gram = passive * passive.adjoint();
    EXPECT_LE(Eigen::SelfAdjointEigenSolver<linalg::ComplexMatrix>(gram).eigenvalues().maxCoeff(), 1 + 1e-12)
        << stage.name;
  }
}

// 128 x 64 by hand: two squares of 64: 2 * 64 * 63 / 2 cells, 2 * 64 attenuators, 64 splitters; 3 * 128 - 1 for the
// bias.
TEST(Compile, CountsWhatIsPlaced) {
  const Placed placed = count_placed(shipped_program().stages[2]);
  EXPECT_EQ(placed.cells, 4032);
  EXPECT_EQ(placed.attenuators, 128);
  EXPECT_EQ(placed.mzis(), onn::approximated_mzis(128, 64));
  EXPECT_EQ(placed.splitters, 64);
  EXPECT_EQ(placed.combiners, 0);
  EXPECT_EQ(placed.reference, 383);
}

}  // namespace
}  // namespace optinc::chip
