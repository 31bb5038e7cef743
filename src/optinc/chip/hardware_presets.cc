// Hardware files that are built in. Every number says where it is from; "assumed" says that no publication stands
// behind it. What a preset leaves out is ideal.
#include <algorithm>
#include <array>

#include <fmt/ranges.h>

#include "optinc/base/error.h"
#include "optinc/chip/hardware.h"

namespace optinc::chip {
namespace {

struct Preset {
  const char* name;
  const char* text;
};

constexpr std::array kPresets = {
    Preset{"ideal", R"toml(name = "ideal"
source = "no errors, no losses, no noise"
)toml"},

    Preset{"silicon", R"toml(name = "silicon"
source = "silicon-on-insulator with heaters: parts as published, servers and electronics assumed"

[coupler]
# Directional couplers split the power 50 +- 2 %, typically: S. Bandyopadhyay, R. Hamerly, D. Englund, Optica 8, 1247
# (2021), after J. Mikkelsen, W. Sacher, J. Poon, Opt. Express 22, 3145 (2014). cos^2(pi/4 + e) = 1/2 - e: 0.02 rad.
imbalance_rms_rad = 0.02
loss_db = 0.05  # assumed

[phase_shifter]
# sqrt(2 L / L_c): strip waveguides keep their phase over a coherence length L_c = 4.17 mm (Y. Yang et al., Opt. Express
# 23, 16890 (2015)), where exp(-L / L_c) is the mean of exp(i error); each phase shifter has L = 150 um, half a cell.
error_rms_rad = 0.27
calibration_rms_rad = 0.01  # assumed: twice what Y. Shen et al. found for a single MZI (preset shen-2017)
noise_rms_rad = 0.001  # assumed
noise_hold = 10000  # 1 us, about the response of these heaters: 130 kHz (N. C. Harris et al., below)
drift_rms_rad_per_sqrt_h = 0.005  # assumed
hours_since_calibration = 1  # assumed
# A 16-bit supply: Y. Shen et al., Nature Photonics 11, 441 (2017). Its steps are of the voltage, here of the phase.
dac_bits = 16
# 24.77 +- 0.43 mW and 0.23 +- 0.13 dB of 61.6 um: N. C. Harris et al., Opt. Express 22, 10487 (2014).
loss_db = 0.23
loss_rms_db = 0.02  # assumed
pi_power_mw = 24.77

[crosstalk]
nearest = 0.01  # assumed
decay_um = 100  # assumed

[layout]
cell_length_um = 300  # assumed: two heaters of 61.6 um, couplers and bends
mode_pitch_um = 60  # assumed
waveguide_group_index = 4.2  # assumed, of strip waveguides at 1550 nm
correlated_share = 0.5  # assumed
correlation_length_um = 1000  # assumed
# 43 mdB, below -50 dB to the sides: M. Johnson, M. Thompson, D. Sahin, Opt. Express 28, 12498 (2020).
crossing_loss_db = 0.043
# Y-junctions, 0.28 +- 0.02 dB over a wafer: Y. Zhang et al., Opt. Express 21, 1310 (2013).
splitter_loss_db = 0.28

[transmitter]
symbol_rate_gbd = 10  # assumed
power_dbm = 0  # assumed
emission_power_dbm = 0  # assumed
level_error_rms = 0.01  # assumed
noise_rms = 0.005  # assumed

[carrier]
phase_rms_rad = 0.02  # assumed: what a lock leaves
frequency_offset_hz = 0  # assumed: the servers modulate light of one laser
lock_interval_s = 0.0001  # assumed
skew_rms_ps = 1  # assumed: 1 % of a symbol
polarisation_rms_rad = 0.05  # assumed

[detector]
responsivity_a_per_w = 1  # assumed, of germanium; 1.25 A/W would be a charge for every photon of 1550 nm
local_oscillator_dbm = 10  # assumed
# assumed; the "High-sensitivity 40 Gbit/s photoreceiver using GaAs PHEMT distributed amplifiers" has 10.4 over 37 GHz
thermal_noise_pa_per_sqrt_hz = 15
shot_noise = 1  # physics
coupling_loss_db = 0.5  # assumed
threshold_error_rms = 0.02  # assumed

[activation]
kind = "relu"
knee = 0.01  # assumed
leak = 0.001  # assumed

delay_ps = 100  # assumed: a symbol at 10 GBd
energy_fj = 1000  # assumed

[laser]
wall_plug_efficiency = 0.1  # assumed

[transceiver]
latency_ns = 100  # assumed: equalising, error correction
# 800 Gb/s modules with a DSP take 14 to 16 W (axiomupgrades.com, "800G LPO vs DSP in AI clusters"), for a conversion
# each way.
pj_per_bit = 9.4

[fibre]
length_m = 20  # assumed: a row of racks
group_index = 1.468  # standard single-mode fibre, 1550 nm

[switch]
latency_ns = 250  # Broadcom's Tomahawk Ultra, as announced
# Tomahawk 5: 51.2 Tb/s, 500 W as estimated by J. Byrne, TechInsights (2022).
pj_per_bit = 9.8
buffer_kb = 2000  # assumed
ports = 64  # Tomahawk 5, of 800 Gb/s

[circuit_switch]
reconfiguration_us = 10  # assumed: silicon photonics; mirrors take milliseconds
)toml"},

    Preset{"silicon-nitride", R"toml(name = "silicon-nitride"
source = "20-mode processor of silicon nitride, its loss and fidelity: C. Taballione et al., arXiv:2203.01801 (2022)"

# Their detection is another; here it is ideal.

[coupler]
# 2.9 dB over all of the processor, the mean of its modes: laid on the 2 couplers of each of its 20 columns. An upper
# bound, since it may count what coupling to the fibres loses.
loss_db = 0.0725

[phase_shifter]
# The amplitude fidelity (mean over modes i of sum_j |U_ij| |V_ij|) of Haar-random matrices is 97.4 %: laid on the
# phases. 200 of them on a rectangular mesh of 20 modes give that for errors of 0.096 rad of every theta and phi. The
# processor was calibrated, so they are there with and without a correction.
error_rms_rad = 0.096
calibration_rms_rad = 0.096
pi_power_mw = 300  # assumed: the index of silicon nitride grows less with heat than that of silicon

[layout]
cell_length_um = 3000  # assumed
mode_pitch_um = 250  # assumed
)toml"},

    Preset{"shen-2017", R"toml(name = "shen-2017"
source = "error model of Y. Shen et al., Nature Photonics 11, 441 (2017): phases to 5e-3 rad, detection to 0.1 %"

# The model has two errors and no losses; everything else is ideal.

[phase_shifter]
# Their sigma_phi, Gaussian, of every theta and phi, drawn once a programming: there with and without a correction.
error_rms_rad = 0.005
calibration_rms_rad = 0.005
# Their supply's 16 bits of voltage, here of phase.
dac_bits = 16
# Their heaters: N. C. Harris et al., Opt. Express 22, 10487 (2014).
pi_power_mw = 24.77

[transmitter]
symbol_rate_gbd = 10  # assumed
power_dbm = 0  # assumed
emission_power_dbm = 0  # assumed

[detector]
# Their sigma_D = 0.1 % of the signal, here of a signal of 0 dBm at the detector: 1e-3 * 2 R sqrt(P_LO P) / sqrt(B) with
# R = 1 A/W, P_LO = 10 mW, P = 1 mW, B = 5 GHz. Where less light arrives, noise is a larger share of it.
thermal_noise_pa_per_sqrt_hz = 89.4
responsivity_a_per_w = 1  # assumed
local_oscillator_dbm = 10  # assumed
)toml"},
};

}  // namespace

std::vector<std::string> preset_names() {
  std::vector<std::string> names;
  for (const Preset& preset : kPresets) names.emplace_back(preset.name);
  return names;
}

std::string preset_text(std::string_view name) {
  const auto* preset = std::ranges::find_if(kPresets, [&](const Preset& p) { return name == p.name; });
  base::require(preset != kPresets.end(), "{}: no such preset; expected one of {}", name,
                fmt::join(preset_names(), ", "));
  return preset->text;
}

}  // namespace optinc::chip
