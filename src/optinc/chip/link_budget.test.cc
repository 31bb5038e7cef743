#include "optinc/chip/link_budget.h"

#include <cmath>

#include <gtest/gtest.h>

#include "optinc/chip/crosstalk.h"
#include "optinc/chip/layout.h"
#include "optinc/chip/smooth_field.h"
#include "optinc/chip/testing.h"

namespace optinc::chip {
namespace {

// Layer 2 by hand: two squares of 64 modes, 64 columns; a cell has two couplers of 0.1 dB and two arms of 0.2 dB.
TEST(LinkBudget, LossesByHand) {
  Hardware hardware;
  hardware.coupler_loss_db = 0.1;
  hardware.phase_shifter_loss_db = 0.2;
  hardware.splitter_loss_db = 0.3;
  hardware.crossing_loss_db = 0.01;
  const StageBudget stage = link_budget(shipped_program(), hardware).stages[2];
  EXPECT_NEAR(stage.mesh_loss_db, (64 + 1) * 0.6, 1e-12);
  // One splitter, and of 2 x 64 lines each crosses 31.5 others in the mean.
  EXPECT_NEAR(stage.network_loss_db, 0.3 + 0.01 * 31.5, 1e-12);
  EXPECT_NEAR(stage.bias_loss_db, 10 * std::log10(2.0) + 0.1, 1e-12);
}

// Homodyne: 1 mW of local oscillator, 100 % quantum efficiency: sigma / signal = sqrt(q B / (2 R P_signal)) for shot
// noise.
TEST(LinkBudget, ShotNoiseByHand) {
  Hardware hardware;
  hardware.shot_noise = 1;
  hardware.local_oscillator_dbm = 30;  // far above the signal, whose own shot noise then does not matter
  hardware.symbol_rate_gbd = 20;
  const HopBudget hop = link_budget(shipped_program(), hardware).hops[1];
  const double received_w = 1e-3 * std::pow(10, hop.received_dbm / 10);
  const double wanted = std::sqrt(1.602176634e-19 * 10e9 / (2 * received_w));
  EXPECT_NEAR(hop.noise_levels / hop.largest_output, wanted, 1e-3 * wanted);
}

TEST(LinkBudget, TenDecibelsMoreLightAreTenDecibelsMoreSignal) {
  Hardware hardware;
  hardware.thermal_noise_pa_per_sqrt_hz = 10;
  const double before = link_budget(shipped_program(), hardware).hops[2].snr_db;
  hardware.emission_power_dbm += 10;
  EXPECT_NEAR(link_budget(shipped_program(), hardware).hops[2].snr_db - before, 10, 1e-9);
}

TEST(Crossings, ByHand) {
  // Two lines a, b split in two squares: a0 a1 b0 b1 -> a0 b0 a1 b1: a1 and b0 cross.
  EXPECT_EQ(crossings(0, 2, 0, 2), 0);
  EXPECT_EQ(crossings(0, 2, 1, 2), 1);
  EXPECT_EQ(crossings(1, 2, 0, 2), 1);
  EXPECT_EQ(crossings(1, 2, 1, 2), 0);
}

TEST(Crosstalk, ReachesTheNearestHeaterInFull) {
  mesh::Mesh mesh{{mesh::Layout::rectangular, 2}, {1.0}, {0.5}, {0, 0}};
  Hardware hardware;
  hardware.crosstalk_nearest = 0.02;
  add_crosstalk(hardware, mesh);
  EXPECT_DOUBLE_EQ(mesh.theta[0], 1.0 + 0.02 * 0.5);
  EXPECT_DOUBLE_EQ(mesh.phi[0], 0.5 + 0.02 * 1.0);
}

TEST(SmoothField, HasUnitVarianceAndItsCorrelation) {
  // Over many fields, at two places 500 um apart with a length of 500 um: correlation exp(-1/2).
  double variance = 0, covariance = 0;
  constexpr int kFields = 4000;
  for (int i = 0; i < kFields; ++i) {
    const SmoothField field(1, i, 500);
    const double here = field(100, 200), there = field(400, 600);
    variance += here * here / kFields;
    covariance += here * there / kFields;
  }
  EXPECT_NEAR(variance, 1, 0.1);
  EXPECT_NEAR(covariance, std::exp(-0.5), 0.1);
}

}  // namespace
}  // namespace optinc::chip
