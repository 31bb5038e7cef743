#include "optinc/chip/monte_carlo.h"

#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "optinc/chip/streams.h"
#include "optinc/chip/testing.h"
#include "optinc/device/onn_averager.h"

namespace optinc::chip {
namespace {

using mesh::Correction;

Hardware with(double Hardware::*value, double to) {
  Hardware hardware;
  hardware.*value = to;
  return hardware;
}

double mean_rate(const Hardware& hardware, Correction correction = Correction::none, std::uint64_t sample = 2000) {
  const Fab fab(shipped_program(), hardware, correction, 1);
  return summarise(simulate_all(fab, {0, 1, 2}, {.sample = sample}), 0.99, 1).exact_symbol_rate;
}

TEST(Simulate, AnIdealChipIsTheOnnOnEveryInput) {
  for (const char* name : {"b8-n4", "b8-n4-nearest", "b8-n4-cascade-1", "b8-n4-cascade-2"}) {
    const onn::Design design = shipped_design(name);
    const device::OnnAverager onn(design);
    const Fab fab(assemble(design, name, {}), {}, Correction::none, 1);
    const ChipResult result = simulate(fab, 0, {.against = &onn});
    EXPECT_EQ(result.inputs, onn.shape().input_count()) << name;
    EXPECT_EQ(result.wrong, 0u) << name;
    EXPECT_EQ(result.different, 0u) << name;
    EXPECT_LT(result.largest_difference, 2e-3) << name;
    EXPECT_EQ(result.codes, result.inputs * 4) << name;
  }
}

TEST(Simulate, SameChipsWhateverTheThreads) {
  Hardware hardware = load_hardware("shen-2017");
  hardware.phase_noise_rms_rad = 1e-3;
  hardware.phase_noise_hold = 300;
  hardware.transmitter_noise_rms = 0.01;
  hardware.skew_rms_ps = 0.1;
  const Fab fab(shipped_program(), hardware, Correction::none, 1);
  const auto all = [&](int threads) {
    std::vector<base::Json> results;
    for (const ChipResult& result : simulate_all(fab, {3, 4}, {.sample = 1000, .threads = threads})) {
      results.push_back(to_json(result));
      results.back().erase("seconds");
    }
    return results;
  };
  EXPECT_EQ(all(1), all(2));
  // One chip alone takes all threads; it is the same chip.
  base::Json alone = to_json(simulate(fab, 4, {.sample = 1000, .threads = 2}));
  alone.erase("seconds");
  EXPECT_EQ(alone, all(1)[1]);
  EXPECT_NE(all(1)[0]["wrong"], all(1)[1]["wrong"]);
}

TEST(Simulate, EveryImperfectionDoesHarm) {
  const Hardware detector = [] {
    Hardware hardware;
    hardware.thermal_noise_pa_per_sqrt_hz = 3000;
    return hardware;
  }();
  EXPECT_LT(mean_rate(detector), 1);
  for (const auto& [value, to] :
       std::initializer_list<std::pair<double Hardware::*, double>>{{&Hardware::coupler_imbalance_rms_rad, 0.03},
                                                                    {&Hardware::phase_error_rms_rad, 0.01},
                                                                    {&Hardware::phase_noise_rms_rad, 0.01},
                                                                    {&Hardware::phase_shifter_loss_rms_db, 0.1},
                                                                    {&Hardware::crosstalk_nearest, 0.01},
                                                                    {&Hardware::crossing_loss_db, 0.05},
                                                                    {&Hardware::level_error_rms, 0.1},
                                                                    {&Hardware::transmitter_noise_rms, 0.1},
                                                                    {&Hardware::carrier_phase_rms_rad, 0.3},
                                                                    {&Hardware::skew_rms_ps, 10},
                                                                    {&Hardware::polarisation_rms_rad, 0.3},
                                                                    {&Hardware::threshold_error_rms, 0.3},
                                                                    {&Hardware::activation_knee, 0.1},
                                                                    {&Hardware::activation_leak, 0.1}}) {
    const double rate = mean_rate(with(value, to));
    EXPECT_LT(rate, 1) << to;
    EXPECT_GT(mean_rate(with(value, to / 100)), rate) << to;
  }
  EXPECT_LT(mean_rate(with(&Hardware::phase_dac_bits, 7)), 1);
  EXPECT_EQ(mean_rate(with(&Hardware::phase_dac_bits, 16)), 1);
  Hardware drifted = with(&Hardware::phase_drift_rms_rad_per_sqrt_h, 0.01);
  EXPECT_EQ(mean_rate(drifted), 1);
  drifted.hours_since_calibration = 4;
  EXPECT_LT(mean_rate(drifted), 1);
  Hardware offset = with(&Hardware::carrier_frequency_offset_hz, 1e3);
  offset.carrier_lock_interval_s = 1e-4;
  EXPECT_LT(mean_rate(offset), 1);
}

TEST(Simulate, CorrectionTakesFixedPhaseErrorsOut) {
  const Hardware hardware = with(&Hardware::phase_error_rms_rad, 0.05);
  EXPECT_LT(mean_rate(hardware), 0.5);
  EXPECT_EQ(mean_rate(hardware, Correction::local), 1);
  EXPECT_EQ(mean_rate(hardware, Correction::self_configured), 1);
}

TEST(Simulate, SelfConfigurationBeatsNoCorrection) {
  const Hardware hardware = with(&Hardware::coupler_imbalance_rms_rad, 0.02);
  EXPECT_GT(mean_rate(hardware, Correction::self_configured), mean_rate(hardware) + 0.05);
}

// To first order a coupler's error turns a real field into the quadrature that homodyne detection does not see: the
// in-phase error of a hop falls with sigma^2, the field's with sigma.
TEST(Simulate, CouplerErrorsAreSecondOrderInPhase) {
  const auto in_phase = [&](double sigma) {
    const Fab fab(shipped_program(), with(&Hardware::coupler_imbalance_rms_rad, sigma), Correction::none, 1);
    const Fab ideal(shipped_program(), {}, Correction::none, 1);
    const onn::Network a = fab.network(fab.make(0), 0), b = ideal.network(ideal.make(0), 0);
    double squares = 0;
    for (std::size_t i = 0; i < a.layers[2].weight.size(); ++i) {
      squares += std::pow(double{a.layers[2].weight[i]} - b.layers[2].weight[i], 2);
    }
    return std::sqrt(squares);
  };
  EXPECT_NEAR(in_phase(0.008) / in_phase(0.004), 4, 0.3);
}

TEST(Simulate, OnlyOneStageImperfect) {
  const Hardware hardware = with(&Hardware::phase_error_rms_rad, 0.02);
  const auto wrong = [&](std::optional<std::size_t> stage) {
    return simulate(Fab(shipped_program(), hardware, Correction::none, 1, stage), 0, {.sample = 2000}).wrong;
  };
  EXPECT_LT(wrong(3), wrong({}));
  EXPECT_GT(wrong(3), 0u);
}

TEST(ChipResult, SurvivesTheRecord) {
  const Fab fab(shipped_program(), with(&Hardware::phase_error_rms_rad, 0.02), Correction::none, 1);
  const ChipResult result = simulate(fab, 7, {.sample = 500});
  EXPECT_EQ(to_json(chip_result_from_json(to_json(result))), to_json(result));
  EXPECT_FALSE(result.errors.empty());
}

TEST(Summary, RatesYieldAndIntervals) {
  std::vector<ChipResult> results(4);
  for (std::size_t i = 0; i < 4; ++i) {
    results[i] = {.chip = i, .inputs = 100, .wrong = 10 * i, .codes = 100, .symbols = 400, .wrong_symbols = i};
  }
  const YieldSummary summary = summarise(results, 0.85, 1);
  EXPECT_DOUBLE_EQ(summary.exact_symbol_rate, 0.85);
  EXPECT_DOUBLE_EQ(summary.median_rate, 0.85);
  EXPECT_DOUBLE_EQ(summary.yield, 0.5);
  // Wilson for 2 of 4: (0.5 + z^2/8) / (1 + z^2/4) +- ..., 0.150 .. 0.850.
  EXPECT_NEAR(summary.yield_interval.low, 0.150, 1e-3);
  EXPECT_NEAR(summary.yield_interval.high, 0.850, 1e-3);
  EXPECT_LT(summary.rate_interval.low, 0.85);
  EXPECT_GT(summary.rate_interval.high, 0.85);
  EXPECT_DOUBLE_EQ(summary.symbol_error_rate, 6.0 / 1600);
}

TEST(Activate, CurvesByHand) {
  Hardware hardware;
  EXPECT_EQ(activate(hardware, -2, 4), 0);
  EXPECT_EQ(activate(hardware, 3, 4), 3);
  hardware.activation_leak = 0.1;
  EXPECT_FLOAT_EQ(activate(hardware, -2, 4), -0.2f);
  hardware.activation_leak = 0;
  hardware.activation_knee = 0.2;  // half a knee high at the corner: 0.1 of the full scale
  EXPECT_FLOAT_EQ(activate(hardware, 0, 4), 0.4f);
  hardware.activation = Activation::saturable_absorber;  // far beyond saturation it is clear
  hardware.absorber_depth = 0.75;
  EXPECT_FLOAT_EQ(activate(hardware, 1e-6f, 1), 0.5e-6f);
  hardware.activation = Activation::electro_optic;  // dark without light where its bias is pi
  EXPECT_NEAR(activate(hardware, 1e-3f, 1), 0, 1e-8);
}

}  // namespace
}  // namespace optinc::chip
