#include "optinc/mesh/decompose.h"

#include <cmath>
#include <limits>
#include <numbers>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "optinc/base/error.h"
#include "optinc/linalg/polar.h"
#include "optinc/mesh/propagate.h"
#include "optinc/mesh/testing.h"

namespace optinc::mesh {
namespace {

using linalg::ComplexMatrix;
using std::numbers::pi;
using testing::HasSubstr;
using testing::ThrowsMessage;

void expect_phases_in_range(const Mesh& mesh) {
  for (const std::vector<double>* phases : {&mesh.theta, &mesh.phi, &mesh.output_phase}) {
    for (const double phase : *phases) {
      ASSERT_GE(phase, 0);
      ASSERT_LT(phase, 2 * pi);
    }
  }
}

void expect_rebuilt(const ComplexMatrix& unitary, const char* what) {
  for (const Layout layout : {Layout::rectangular, Layout::triangular}) {
    const Mesh mesh = program(unitary, {layout, static_cast<int>(unitary.rows())});
    EXPECT_LT(distance(reference::matrix_of(mesh), unitary), 1e-14) << what << ", " << to_string(layout);
    expect_phases_in_range(mesh);
  }
}

TEST(Decompose, RebuildsRandomUnitaries) {
  for (const int size : {1, 2, 3, 4, 5, 7, 8, 9, 16, 17, 31, 64}) {
    expect_rebuilt(linalg::random_unitary(size, 1, size), "unitary");
    expect_rebuilt(linalg::random_orthogonal(size, 1, size).cast<Complex>(), "orthogonal");
  }
}

TEST(Decompose, RebuildsWhatHasZeros) {
  for (const int size : {1, 2, 3, 8, 13}) {
    expect_rebuilt(ComplexMatrix::Identity(size, size), "identity");
    ComplexMatrix shift = ComplexMatrix::Zero(size, size);
    for (int i = 0; i < size; ++i) shift(i, (i + 1) % size) = 1;
    expect_rebuilt(shift, "cyclic permutation");
    expect_rebuilt(ComplexMatrix::Identity(size, size).rowwise().reverse(), "reversal");
    expect_rebuilt(linalg::fourier(size), "Fourier");
    expect_rebuilt(ComplexMatrix::Identity(size, size) * Complex(0, 1), "a phase");
    ComplexMatrix blocks = ComplexMatrix::Zero(2 * size, 2 * size);
    blocks.topLeftCorner(size, size) = linalg::random_unitary(size, 2, 0);
    blocks.bottomRightCorner(size, size) = linalg::random_unitary(size, 2, 1);
    expect_rebuilt(blocks, "blocks");
  }
  ComplexMatrix hadamard = ComplexMatrix::Ones(1, 1);
  for (int size = 2; size <= 32; size *= 2) {
    ComplexMatrix next(size, size);
    next << hadamard, hadamard, hadamard, -hadamard;
    hadamard = next / std::sqrt(2.0);
    expect_rebuilt(hadamard, "Hadamard");
  }
}

TEST(Decompose, CellsWithNothingToDoAreTheIdentity) {
  for (const Layout layout : {Layout::rectangular, Layout::triangular}) {
    const Mesh mesh = program(ComplexMatrix::Identity(6, 6), {layout, 6});
    for (const double theta : mesh.theta) EXPECT_DOUBLE_EQ(theta, pi);
    for (const double phi : mesh.phi) EXPECT_DOUBLE_EQ(phi, pi);
    for (const double phase : mesh.output_phase) EXPECT_NEAR(std::abs(std::polar(1.0, phase) - 1.0), 0, 1e-15);
  }
}

// The hand-worked case: T(theta, phi) of the head of mzi.h, at theta = 2 atan(3/4).
TEST(Decompose, TwoByTwoByHand) {
  ComplexMatrix unitary(2, 2);
  unitary << 0.6, 0.8, 0.8, -0.6;  // S(split) with sin(split) = 0.6
  const Mesh mesh = program(unitary, {Layout::rectangular, 2});
  ASSERT_EQ(mesh.theta.size(), 1u);
  EXPECT_NEAR(mesh.theta[0], 2 * std::asin(0.6), 1e-15);
  EXPECT_NEAR(mesh.phi[0], 0, 1e-15);
  EXPECT_LT(distance(reference::matrix_of(mesh), unitary), 1e-15);
}

RC_GTEST_PROP(Decompose, IsIndependentOfRealOrComplexArithmetic, ()) {
  const int size = *rc::gen::inRange(2, 24);
  const auto seed = *rc::gen::arbitrary<std::uint64_t>();
  const ComplexMatrix real = linalg::random_orthogonal(size, seed, 0).cast<Complex>();
  const Layout layout = *rc::gen::element(Layout::rectangular, Layout::triangular);
  const Mesh by_real = program(real, {layout, size});
  // A common phase makes it complex and moves the output phases alone.
  const Mesh by_complex = program(real * std::polar(1.0, 0.3), {layout, size});
  for (std::size_t cell = 0; cell < by_real.theta.size(); ++cell) {
    RC_ASSERT(std::abs(by_real.theta[cell] - by_complex.theta[cell]) < 1e-12);
  }
  RC_ASSERT(distance(reference::matrix_of(by_complex), real * std::polar(1.0, 0.3)) < 1e-14);
}

TEST(Decompose, RefusesWhatIsNotUnitary) {
  ComplexMatrix matrix = linalg::random_unitary(4, 1, 1);
  matrix(1, 2) += 1e-6;
  EXPECT_THAT(
      [&] {
        program(matrix, {Layout::rectangular, 4});
      },
      ThrowsMessage<base::InputError>(HasSubstr("the largest entry of U U^H - I is")));
  matrix(1, 2) = std::numeric_limits<double>::quiet_NaN();
  EXPECT_THAT(
      [&] {
        program(matrix, {Layout::triangular, 4});
      },
      ThrowsMessage<base::InputError>(HasSubstr("U U^H - I is nan")));
  EXPECT_THAT(
      [&] {
        program(ComplexMatrix::Identity(3, 4), {Layout::rectangular, 4});
      },
      ThrowsMessage<base::InputError>(HasSubstr("3 x 4 matrix: expected 4 x 4")));
}

TEST(Correction, IsExactWhereAllSplitsAreWithinReach) {
  // Splits far from both ends: a rotation mesh made by hand, not decomposed.
  Rotations rotations{{Layout::rectangular, 6}, std::vector<double>(15), std::vector<double>(15), {}};
  for (int i = 0; i < 15; ++i) rotations.split[i] = 0.3 + 0.06 * i, rotations.phase[i] = 0.4 * i;
  for (int i = 0; i < 6; ++i) rotations.output_phase.push_back(i);
  const ComplexMatrix wanted = reference::matrix_of(set_phases(rotations));
  const Parts parts{random_couplers(rotations.shape, 0.03, 5), {}};
  EXPECT_GT(distance(reference::matrix_of(set_phases(rotations), parts), wanted), 0.02);
  EXPECT_LT(distance(reference::matrix_of(set_phases(rotations, parts.couplers), parts), wanted), 1e-14);
}

TEST(Correction, EachKindIsBetterThanTheOneBefore) {
  const int size = 48;
  const ComplexMatrix wanted = linalg::random_unitary(size, 3, 0);
  for (const Layout layout : {Layout::rectangular, Layout::triangular}) {
    const MeshShape shape{layout, size};
    const Parts parts{random_couplers(shape, 0.03, 7), {}};
    double last = 10;
    for (const Correction correction : {Correction::none, Correction::local, Correction::self_configured}) {
      const double error =
          (reference::matrix_of(program(wanted, shape, correction, parts.couplers), parts) - wanted).norm();
      EXPECT_LT(error, last) << to_string(layout) << ' ' << to_string(correction);
      last = error;
    }
  }
}

RC_GTEST_PROP(ThreeMzi, IsExactWithLargeErrors, ()) {
  const int size = *rc::gen::inRange(2, 20);
  const auto seed = *rc::gen::arbitrary<std::uint64_t>();
  const ComplexMatrix wanted = linalg::random_unitary(size, seed, 0);
  const MeshShape shape{Layout::triangular, size, CellKind::three_mzi};
  RC_ASSERT(distance(reference::matrix_of(program(wanted, shape)), wanted) < 1e-14);
}

TEST(ThreeMzi, BeatsMzisWithErrors) {
  const int size = 32;
  const ComplexMatrix wanted = linalg::random_unitary(size, 3, 0);
  const auto error = [&](CellKind kind) {
    const MeshShape shape{Layout::triangular, size, kind};
    const Parts parts{random_couplers(shape, 0.05, 7), {}};
    return (reference::matrix_of(program(wanted, shape, Correction::self_configured, parts.couplers), parts) - wanted)
        .norm();
  };
  EXPECT_LT(error(CellKind::three_mzi), 0.2 * error(CellKind::mzi));
}

}  // namespace
}  // namespace optinc::mesh
