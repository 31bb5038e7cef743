// Every number of a hardware file. Their order is that of the file; the numbers of a table follow each other.
#include "optinc/chip/hardware.h"

namespace optinc::chip {
namespace {

// Ranges keep out what can't be (a loss below 0, an error that is no angle) and what would divide by 0, not what is
// unlikely. Defaults are ideal: no error, no loss, no noise. Those that can't be 0 (lengths, rates, powers) are round
// numbers that an ideal chip's results don't depend on.
constexpr HardwareField kHardwareFields[] = {
    {"coupler", "imbalance_rms_rad", &Hardware::coupler_imbalance_rms_rad, 0, 0.5,
     "error of a coupler's angle, which is pi/4 where it splits 50:50; 0.02 is 2 % of the power"},
    {"coupler", "loss_db", &Hardware::coupler_loss_db, 0, 10, "of each coupler"},

    {"phase_shifter", "error_rms_rad", &Hardware::phase_error_rms_rad, 0, 10,
     "of each phase from fabrication, fixed; a correction takes it out"},
    {"phase_shifter", "calibration_rms_rad", &Hardware::phase_calibration_rms_rad, 0, 1,
     "what a correction leaves of it, or gets wrong of each phase"},
    {"phase_shifter", "noise_rms_rad", &Hardware::phase_noise_rms_rad, 0, 1,
     "of each phase, drawn anew every noise_hold inputs"},
    {"phase_shifter", "noise_hold", &Hardware::phase_noise_hold, 1, 1e9,
     "inputs that see the same phase noise; 1: each its own"},
    {"phase_shifter", "drift_rms_rad_per_sqrt_h", &Hardware::phase_drift_rms_rad_per_sqrt_h, 0, 1,
     "random walk of each phase since the calibration"},
    {"phase_shifter", "hours_since_calibration", &Hardware::hours_since_calibration, 0, 1e5,
     "time the phases drift for"},
    {"phase_shifter", "dac_bits", &Hardware::phase_dac_bits, 0, 24,
     "steps of a phase, 2 pi / 2^bits; 0: not quantised"},
    {"phase_shifter", "loss_db", &Hardware::phase_shifter_loss_db, 0, 10, "of each arm of a phase shifter's section"},
    {"phase_shifter", "loss_rms_db", &Hardware::phase_shifter_loss_rms_db, 0, 5,
     "variation of that loss from arm to arm"},
    {"phase_shifter", "pi_power_mw", &Hardware::heater_pi_power_mw, 0, 1e4, "heater power for a phase of pi"},

    {"crosstalk", "nearest", &Hardware::crosstalk_nearest, 0, 0.5,
     "share of a heater's phase that the arm of its nearest neighbour gets"},
    {"crosstalk", "decay_um", &Hardware::crosstalk_decay_um, 1, 1e4, "distance over which that share falls by 1/e"},

    {"layout", "cell_length_um", &Hardware::cell_length_um, 1, 1e5, "of an MZI, along the light"},
    {"layout", "mode_pitch_um", &Hardware::mode_pitch_um, 1, 1e4, "between neighbouring modes of a mesh"},
    {"layout", "waveguide_group_index", &Hardware::waveguide_group_index, 1, 10, "speed of light over that of a pulse"},
    {"layout", "correlated_share", &Hardware::correlated_share, 0, 1,
     "of the variance of imbalance and phase error, what varies smoothly over the chip"},
    {"layout", "correlation_length_um", &Hardware::correlation_length_um, 1, 1e6, "of that smooth variation"},
    {"layout", "crossing_loss_db", &Hardware::crossing_loss_db, 0, 3,
     "of each waveguide crossing in the networks between squares"},
    {"layout", "splitter_loss_db", &Hardware::splitter_loss_db, 0, 10,
     "excess loss of each 1 x 2 splitter or combiner"},

    {"transmitter", "symbol_rate_gbd", &Hardware::symbol_rate_gbd, 1e-3, 1e3,
     "symbols a second and lane; half of it is the detectors' bandwidth"},
    {"transmitter", "power_dbm", &Hardware::transmitter_power_dbm, -60, 40,
     "of the highest level, a lane, on the chip"},
    {"transmitter", "emission_power_dbm", &Hardware::emission_power_dbm, -60, 40,
     "of a layer's largest output, behind each activation"},
    {"transmitter", "level_error_rms", &Hardware::level_error_rms, 0, 1,
     "of each of a transmitter's four levels, fixed, in levels"},
    {"transmitter", "noise_rms", &Hardware::transmitter_noise_rms, 0, 1, "of each symbol, in levels"},

    {"carrier", "phase_rms_rad", &Hardware::carrier_phase_rms_rad, 0, 10, "between the servers' light"},
    {"carrier", "frequency_offset_hz", &Hardware::carrier_frequency_offset_hz, 0, 1e12,
     "rms between the servers' light; 0: all from one laser"},
    {"carrier", "lock_interval_s", &Hardware::carrier_lock_interval_s, 0, 1e6,
     "between two corrections of the carriers' phases"},
    {"carrier", "skew_rms_ps", &Hardware::skew_rms_ps, 0, 1e6, "arrival times of the servers' symbols"},
    {"carrier", "polarisation_rms_rad", &Hardware::polarisation_rms_rad, 0, 1.6,
     "angle between a server's field and the chip's mode"},

    {"detector", "responsivity_a_per_w", &Hardware::responsivity_a_per_w, 1e-3, 100, "photocurrent of each photodiode"},
    {"detector", "local_oscillator_dbm", &Hardware::local_oscillator_dbm, -60, 40, "at each homodyne detector"},
    {"detector", "thermal_noise_pa_per_sqrt_hz", &Hardware::thermal_noise_pa_per_sqrt_hz, 0, 1e6,
     "of the amplifier, referred to its input"},
    {"detector", "shot_noise", &Hardware::shot_noise, 0, 1, "0 or 1: whether light has it"},
    {"detector", "coupling_loss_db", &Hardware::detector_coupling_loss_db, 0, 30, "between the mesh and each detector"},
    {"detector", "threshold_error_rms", &Hardware::threshold_error_rms, 0, 1,
     "of each receiver's PAM4 decision, fixed, in levels"},

    {"activation", "knee", &Hardware::activation_knee, 0, 1, "relu: width of a soft corner, of the full scale"},
    {"activation", "leak", &Hardware::activation_leak, 0, 1, "relu: share of a negative sum that passes"},
    {"activation", "absorber_depth", &Hardware::absorber_depth, 0, 1,
     "saturable_absorber: share of weak light's power that it takes"},
    {"activation", "absorber_saturation", &Hardware::absorber_saturation, 1e-6, 1e6,
     "saturable_absorber: power that halves that share, of the full scale's"},
    {"activation", "electro_optic_tap", &Hardware::electro_optic_tap, 0, 1,
     "electro_optic: share of the power that is detected to drive the modulator"},
    {"activation", "electro_optic_gain_rad", &Hardware::electro_optic_gain_rad, 0, 100,
     "electro_optic: phase that the full scale's power drives"},
    {"activation", "electro_optic_bias_rad", &Hardware::electro_optic_bias_rad, -10, 10,
     "electro_optic: phase without light"},
    {"activation", "delay_ps", &Hardware::activation_delay_ps, 0, 1e6, "from a detector to the emission behind it"},
    {"activation", "energy_fj", &Hardware::activation_energy_fj, 0, 1e9, "a symbol, light apart"},

    {"laser", "wall_plug_efficiency", &Hardware::laser_wall_plug_efficiency, 1e-3, 1, "light over electrical power"},

    {"transceiver", "latency_ns", &Hardware::transceiver_latency_ns, 0, 1e6,
     "one conversion: electrical to optical, or back"},
    {"transceiver", "pj_per_bit", &Hardware::transceiver_pj_per_bit, 0, 1e6, "one conversion"},

    {"fibre", "length_m", &Hardware::fibre_length_m, 0, 1e6, "from a server to the middle of the network"},
    {"fibre", "group_index", &Hardware::fibre_group_index, 1, 10, "speed of light over that of a pulse"},

    {"switch", "latency_ns", &Hardware::switch_latency_ns, 0, 1e6,
     "through an electrical packet switch, conversions not counted"},
    {"switch", "pj_per_bit", &Hardware::switch_pj_per_bit, 0, 1e6, "conversions not counted"},
    {"switch", "buffer_kb", &Hardware::switch_buffer_kb, 0, 1e9,
     "of a switch that adds, a port, in 1,000 bytes; 0: never in the way"},
    {"switch", "ports", &Hardware::switch_ports, 2, 65536, "servers, or switches, that a switch connects"},

    {"circuit_switch", "reconfiguration_us", &Hardware::circuit_reconfiguration_us, 0, 1e9,
     "until light runs on new circuits"},
};

}  // namespace

std::span<const HardwareField> hardware_fields() {
  return kHardwareFields;
}

}  // namespace optinc::chip
