// Bytes and rounds of the all-reduce algorithms, in closed form: what `stats` of a call say, without a call.
//
// A port sends and receives at once; `sent_bytes` and `received_bytes` are those of the busiest port. Equations:
// doc/collective.md.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "optinc/codec/block_quantiser.h"

namespace optinc::collective {

struct Traffic {
  std::string algorithm;
  int rounds = 0;
  std::uint64_t sent_bytes = 0;
  std::uint64_t received_bytes = 0;

  /// rounds * latency + bytes / bandwidth: every round waits for the one before. A model, not a measurement.
  double seconds(double latency_s, double bytes_per_second) const;
};

struct TrafficQuestion {
  std::uint64_t elements = 0;
  std::uint64_t element_bytes = 4;
  int servers = 4;
  codec::QuantiserOptions quantiser;  ///< of the optics
};

/// Ring, Rabenseifner, tree, int32-switch, optinc, in this order. Throws base::InputError for servers out of 1 ..
/// 65536.
std::vector<Traffic> traffic_of(const TrafficQuestion& question);

}  // namespace optinc::collective
