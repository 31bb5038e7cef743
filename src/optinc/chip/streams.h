// The random streams of a simulation: one a purpose, chip and item, so that no number depends on what else is drawn.
#pragma once

#include <cstdint>

#include "optinc/base/error.h"

namespace optinc::chip {

enum class Purpose : std::uint64_t {
  couplers,
  phase_errors,
  calibration,
  drift,
  arms,
  imbalance_field,
  phase_field,
  carriers,
  transmitters,
  receivers,
  phase_noise,  ///< items: shot and mesh
  dealing,      ///< of an input over the servers; the same for every chip
  transmission,
  detection,
};

inline constexpr std::uint64_t kMostChips = std::uint64_t{1} << 20;

/// The stream of one item (a mesh, an input) of a chip.
inline std::uint64_t stream_of(Purpose purpose, std::uint64_t chip, std::uint64_t item) {
  constexpr std::uint64_t kMostItems = std::uint64_t{1} << 38;
  base::require(chip < kMostChips && item < kMostItems, "chip {}, item {}: expected below {} and {}", chip, item,
                kMostChips, kMostItems);
  return static_cast<std::uint64_t>(purpose) << 58 | chip << 38 | item;
}

}  // namespace optinc::chip
