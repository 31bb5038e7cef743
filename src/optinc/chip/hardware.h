// What the parts of a chip are like: one TOML file (doc/format_hardware.md) serves chip, link budget and cost alike.
//
// kHardwareFields (hardware_fields.cc) states every number once: its table and key in the file, unit, range, meaning,
// and where the default comes from. `optinc hardware` prints it.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace optinc::chip {

/// What a detected sum becomes before it is sent on. x is the sum over its full scale, the layer's largest output.
enum class Activation {
  relu,                ///< max(x, 0); `knee` and `leak` make it a real one
  saturable_absorber,  ///< x sqrt(T), T = 1 - depth / (1 + x^2 / saturation): A. Selden, Br. J. Appl. Phys. 18, 743
                       ///< (1967)
  electro_optic,       ///< x sqrt(1 - tap) |cos(gain x^2 / 2 + bias / 2)|: I. Williamson et al., IEEE JSTQE 26, 7700412
                       ///< (2020)
};
std::string to_string(Activation activation);
Activation parse_activation(std::string_view text);

/// Every default is the ideal part. Angles are rms values of independent Gaussian errors unless said.
struct Hardware {
  std::string name = "ideal";
  std::string source;

  // Couplers
  double coupler_imbalance_rms_rad = 0;
  double coupler_loss_db = 0;
  // Phase shifters
  double phase_error_rms_rad = 0;        ///< fixed, from fabrication; a correction knows it
  double phase_calibration_rms_rad = 0;  ///< what a correction gets wrong of each phase
  double phase_noise_rms_rad = 0;        ///< drawn anew every phase_noise_hold inputs
  double phase_noise_hold = 1024;        ///< inputs; 1: every shot has its own
  double phase_drift_rms_rad_per_sqrt_h = 0;
  double hours_since_calibration = 0;
  double phase_dac_bits = 0;             ///< of 2 pi; 0: not quantised
  double phase_shifter_loss_db = 0;      ///< per arm
  double phase_shifter_loss_rms_db = 0;  ///< from arm to arm
  double heater_pi_power_mw = 0;
  // Thermal crosstalk
  double crosstalk_nearest = 0;     ///< share of a heater's phase that its nearest neighbour gets
  double crosstalk_decay_um = 100;  ///< over which it falls by 1/e
  // Layout
  double cell_length_um = 300;
  double mode_pitch_um = 60;
  double waveguide_group_index = 4;  ///< c over the speed of a pulse
  double correlated_share = 0;       ///< of the variance of imbalance and phase error that varies smoothly
  double correlation_length_um = 1000;
  double crossing_loss_db = 0;  ///< each, in the networks between squares
  double splitter_loss_db = 0;  ///< excess, each 1 x 2 splitter or combiner
  // Transmitters
  double symbol_rate_gbd = 10;
  double transmitter_power_dbm = 0;        ///< of the highest level, per lane, on the chip
  double emission_power_dbm = 0;           ///< of a layer's largest output, behind each activation
  double level_error_rms = 0;              ///< of each of a transmitter's four levels, in levels
  double transmitter_noise_rms = 0;        ///< per symbol, in levels
  double carrier_phase_rms_rad = 0;        ///< between servers
  double carrier_frequency_offset_hz = 0;  ///< rms, between servers
  double carrier_lock_interval_s = 0;      ///< between two corrections of the carriers' phases
  double skew_rms_ps = 0;                  ///< between servers
  double polarisation_rms_rad = 0;         ///< angle between a server's field and the chip's mode
  // Detectors
  double responsivity_a_per_w = 1;
  double local_oscillator_dbm = 10;
  double thermal_noise_pa_per_sqrt_hz = 0;
  double shot_noise = 0;  ///< 0 or 1
  double detector_coupling_loss_db = 0;
  double threshold_error_rms = 0;  ///< of each receiver's PAM4 decision, in levels
  // Activation
  Activation activation = Activation::relu;
  double activation_knee = 0;  ///< width of a soft corner, of the full scale
  double activation_leak = 0;  ///< share of a negative sum that passes
  double absorber_depth = 0.5;
  double absorber_saturation = 0.1;
  double electro_optic_tap = 0.1;
  double electro_optic_gain_rad = 3.14159265358979312;
  double electro_optic_bias_rad = 3.14159265358979312;
  double activation_delay_ps = 0;   ///< from a detector to the emission behind it
  double activation_energy_fj = 0;  ///< a symbol, light apart
  // Power
  double laser_wall_plug_efficiency = 0.1;
  // Between servers: for costs at scale (cost/)
  double transceiver_latency_ns = 0;  ///< one conversion: electrical to optical, or back
  double transceiver_pj_per_bit = 0;  ///< one conversion
  double fibre_length_m = 0;          ///< from a server to the middle of the network
  double fibre_group_index = 1.468;
  double switch_latency_ns = 0;  ///< through an electrical packet switch, conversions not counted
  double switch_pj_per_bit = 0;  ///< conversions not counted
  double switch_buffer_kb = 0;   ///< of an in-network switch, a port; 0: never in the way
  double switch_ports = 64;
  double circuit_reconfiguration_us = 0;  ///< of an optical circuit switch

  bool operator==(const Hardware&) const = default;
};

struct HardwareField {
  const char* table;  ///< of the TOML file
  const char* key;
  double Hardware::*value;
  double least, most;
  const char* meaning;
};
std::span<const HardwareField> hardware_fields();

/// Names of the presets that are built in.
std::vector<std::string> preset_names();
/// The TOML text of a preset. Throws base::InputError for a name there is not.
std::string preset_text(std::string_view name);

/// TOML text -> hardware; `place` names it in errors. Throws base::InputError for what is no TOML, an unknown table or
/// key, a value of another type or out of range.
Hardware parse_hardware(std::string_view toml, const std::string& place);
/// The name of a preset, or of a file.
Hardware load_hardware(const std::string& preset_or_file);
/// All of it as TOML, each number with its meaning and range.
std::string to_toml(const Hardware& hardware);

/// Throws base::InputError for a value out of its range.
void check(const Hardware& hardware);

}  // namespace optinc::chip
