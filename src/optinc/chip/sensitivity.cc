#include "optinc/chip/sensitivity.h"

#include <algorithm>
#include <array>

namespace optinc::chip {
namespace {

/// What is ideal at 0 and worse beyond.
constexpr std::array kImperfections{&Hardware::coupler_imbalance_rms_rad,
                                    &Hardware::phase_error_rms_rad,
                                    &Hardware::phase_calibration_rms_rad,
                                    &Hardware::phase_noise_rms_rad,
                                    &Hardware::phase_drift_rms_rad_per_sqrt_h,
                                    &Hardware::phase_dac_bits,
                                    &Hardware::phase_shifter_loss_rms_db,
                                    &Hardware::crosstalk_nearest,
                                    &Hardware::crossing_loss_db,
                                    &Hardware::level_error_rms,
                                    &Hardware::transmitter_noise_rms,
                                    &Hardware::carrier_phase_rms_rad,
                                    &Hardware::carrier_frequency_offset_hz,
                                    &Hardware::skew_rms_ps,
                                    &Hardware::polarisation_rms_rad,
                                    &Hardware::thermal_noise_pa_per_sqrt_hz,
                                    &Hardware::shot_noise,
                                    &Hardware::threshold_error_rms,
                                    &Hardware::activation_knee,
                                    &Hardware::activation_leak};

}  // namespace

std::vector<Isolated> isolate_components(const Hardware& hardware) {
  std::vector<Isolated> all;
  for (const HardwareField& field : hardware_fields()) {
    const double value = hardware.*field.value;
    if (value == 0 || std::ranges::find(kImperfections, field.value) == kImperfections.end()) continue;
    all.push_back({std::string(field.table) + "." + field.key, value, hardware});
    Isolated& one = all.back();
    for (const auto imperfection : kImperfections) one.hardware.*imperfection = 0;
    one.hardware.*field.value = value;
  }
  return all;
}

}  // namespace optinc::chip
