// Where the time of a run went, and what the modelled hardware would have taken.
#pragma once

#include <cstdint>

#include "optinc/base/record.h"

namespace optinc::workload {

/// Of one rank, measured, in seconds of the clock on the wall, summed over all steps.
struct Account {
  double compute = 0;   ///< data, forward, backward
  double wait = 0;      ///< for the slowest rank, and for the sum of the losses
  double reduce = 0;    ///< all of the all-reduce
  double quantise = 0;  ///< of `reduce`: scales, quantise and pack, unpack and dequantise
  double emulate = 0;   ///< of `reduce`: what stands for the device
  double apply = 0;     ///< clipping and optimiser
  double validate = 0;  ///< and checkpoints
};

/// {"compute_seconds": ..., ...}, and back.
base::Json to_json(const Account& account);
Account account_from_json(const base::Json& json);

/// Modelled, not measured: a server's transceivers as in the paper (section IV: 8 of 800 Gb/s each), and 1 us a round,
/// two links of 0.5 us (ours).
struct ModelledNetwork {
  double line_rate_gbps = 6400;
  double round_latency_s = 1e-6;

  double seconds(double wire_bytes, double rounds) const {
    return wire_bytes * 8 / (line_rate_gbps * 1e9) + rounds * round_latency_s;
  }
};

}  // namespace optinc::workload
