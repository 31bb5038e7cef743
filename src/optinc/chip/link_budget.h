// The link budget: where light is lost, what gain the ONN asks for, and what is left at the detectors.
//
// A hop is the way from an emission to the next detectors: transmitters, P and layer 1; each further layer; the last
// layer with T. The full scale of an emission, the largest level that a lane carries, has the emission's power.
#pragma once

#include <string>
#include <vector>

#include "optinc/base/record.h"
#include "optinc/chip/hardware.h"
#include "optinc/chip/program.h"

namespace optinc::chip {

struct StageBudget {
  std::string name;
  int outputs = 0, inputs = 0;
  Placed placed;
  std::int64_t area_mzi = 0;   ///< the paper's count
  double gain_db = 0;          ///< of the field, 20 log10(gain): norms, splits and combinations taken out
  double mesh_loss_db = 0;     ///< couplers and phase shifters of the cells that a path passes, attenuators too
  double network_loss_db = 0;  ///< splitters, combiners and the mean of crossings between squares
  double bias_loss_db = 0;     ///< joining the reference light: 3 dB and a coupler
  double heater_power_w = 0;   ///< of all phases as set
  double insertion_loss_db() const { return mesh_loss_db + network_loss_db + bias_loss_db; }
};

struct HopBudget {
  std::string name;  ///< "P + 1", "2", .., "6 + T"
  std::vector<std::size_t> stages;
  double full_scale_in = 0;   ///< level units
  double largest_output = 0;  ///< level units, at the detectors
  int lanes = 0;              ///< emissions
  int detectors = 0;
  double emission_dbm = 0;   ///< of the full scale, a lane
  double received_dbm = 0;   ///< of the largest output, at its detector
  double noise_levels = 0;   ///< rms of a detected output, level units
  double snr_db = 0;         ///< 20 log10(largest output / noise)
  double laser_power_w = 0;  ///< electrical: lanes and local oscillators over the wall-plug efficiency
};

struct LinkBudget {
  std::vector<StageBudget> stages;
  std::vector<HopBudget> hops;
  double heater_power_w = 0;
  double laser_power_w = 0;
};

/// Homodyne detection: a field of power P and phase 0 gives the current 2 R sqrt(P_LO P); noise of variance
/// (thermal^2 + 2 q R (P_LO + P)) B, B half the symbol rate.
LinkBudget link_budget(const Program& program, const Hardware& hardware);

/// The record `link_budget` of doc/format_records.md, without its type.
base::Json to_json(const LinkBudget& budget);

}  // namespace optinc::chip
