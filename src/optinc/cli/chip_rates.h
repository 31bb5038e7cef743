// How many inputs stay right on chips of a design whose phases are off: the physical kin of relative noise.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "optinc/base/record.h"
#include "optinc/onn/design.h"

namespace optinc::cli {

struct ChipRateOptions {
  std::vector<double> phase_errors_rad;  ///< rms, on otherwise ideal parts
  std::uint64_t chips = 0;
  std::uint64_t seed = 1;
  std::uint64_t sample = 0;  ///< inputs drawn at random; 0: every input
  int threads = 0;
};

/// One element a phase error: `phase_error_rad`, `chips`, `rate` (mean of the exact-symbol rates), `low` and `high`
/// (its 95 % interval over chips), `least`.
base::Json chip_rates(const onn::Design& design, const std::string& name, const ChipRateOptions& options);

}  // namespace optinc::cli
