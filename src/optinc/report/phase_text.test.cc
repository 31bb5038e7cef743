#include "optinc/report/phase_text.h"

#include <limits>
#include <numbers>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace optinc::report {
namespace {

constexpr double kPi = std::numbers::pi;

// Three modes, two columns: modes 0 and 1 in the first, 1 and 2 in the second. Of 64 steps, pi/2 is the 16th: 'G'.
TEST(PhaseText, OneCharacterForEachPairOfModes) {
  const DrawnMesh mesh{.modes = 3, .columns = 2, .cells = {{0, 0, 0, kPi / 2}, {1, 1, kPi, 2 * kPi}}};
  EXPECT_EQ(phase_text(mesh, &MeshCell::theta), "0..W");
  EXPECT_EQ(phase_text(mesh, &MeshCell::phi), "G..0");
}

TEST(PhaseText, APhaseThatIsNotFiniteIsNoCell) {
  const DrawnMesh mesh{
      .modes = 2, .columns = 1, .cells = {{0, 0, std::numeric_limits<double>::quiet_NaN(), -kPi / 32}}};
  EXPECT_EQ(phase_text(mesh, &MeshCell::theta), ".");
  EXPECT_EQ(phase_text(mesh, &MeshCell::phi), "_");
}

// Also of a phase a hair below 0, whose share of a turn rounds to 1.
RC_GTEST_PROP(PhaseText, EveryPhaseHasAStep, (double phase)) {
  const DrawnMesh mesh{.modes = 2, .columns = 2, .cells = {{0, 0, phase, -1e-300}, {1, 0, phase + 2 * kPi, phase}}};
  const std::string text = phase_text(mesh, &MeshCell::theta) + phase_text(mesh, &MeshCell::phi);
  RC_ASSERT(text.size() == 4u);
  RC_ASSERT(text.find('.') == std::string::npos);
}

}  // namespace
}  // namespace optinc::report
