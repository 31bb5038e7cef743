// How many inputs stay right on simulated chips of a design: the physical kin of relative noise.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "optinc/base/record.h"
#include "optinc/chip/hardware.h"
#include "optinc/onn/design.h"

namespace optinc::cli {

struct ChipCondition {
  std::string name;  ///< "table.key=value" on otherwise ideal parts, or a preset
  chip::Hardware hardware;
};

/// sweeps: "table.key=value,value,..", each value alone. hardware: presets or TOML files, as they are. Throws
/// base::InputError for what is none.
std::vector<ChipCondition> chip_conditions(const std::vector<std::string>& sweeps,
                                           const std::vector<std::string>& hardware);

struct ChipRateOptions {
  std::vector<ChipCondition> conditions;
  std::uint64_t chips = 0;
  std::uint64_t seed = 1;
  std::uint64_t sample = 0;  ///< inputs drawn at random; 0: every input
  int threads = 0;
};

/// largest: of each layer (verify::largest_outputs). One element a condition: `condition` (its name), `chips`, `rate`
/// (mean of the exact-symbol rates), `low` and `high` (its 95 % interval over chips), `least`.
base::Json chip_rates(const onn::Design& design, const std::string& name, const std::vector<double>& largest,
                      const ChipRateOptions& options);

}  // namespace optinc::cli
