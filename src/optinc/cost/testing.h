// Systems for tests of this folder: round numbers, so that expectations can be worked out by hand.
#pragma once

#include "optinc/cost/reduction.h"

namespace optinc::cost {

/// Ports of 1 GB/s, memory that takes no time, messages of nothing but 1 ms of software.
inline System plain_system() {
  System system;
  system.server = {.peak_flop_per_s = 1e9,
                   .utilisation = 1,
                   .memory_bytes_per_s = 1e16,
                   .memory_bytes = 1e12,
                   .links = 1,
                   .link_bits_per_s = 8e9};
  system.parts.software_s = 1e-3;
  system.device = {.design = "test", .bits = 8, .ports = 4};
  return system;
}

/// 4 MB of float32.
inline Reduction megabytes(int servers) {
  return {.elements = 1'000'000, .servers = servers};
}

}  // namespace optinc::cost
