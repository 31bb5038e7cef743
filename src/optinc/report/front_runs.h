// Records of `optinc noise` that say how large a design is: size against noise (doc/format_records.md).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "optinc/report/record_fields.h"
#include "optinc/report/run_header.h"

namespace optinc::report {

struct NoiseRate {
  double sigma = 0;  ///< relative noise
  std::uint64_t trials = 0;
  double rate = 0;  ///< exact-symbol rate
};

struct ChipRate {
  std::string condition;  ///< of the chips: a value of their parts, or a preset
  std::uint64_t chips = 0;
  double rate = 0, low = 0, high = 0;  ///< mean over chips, its 95 % interval
};

struct NoiseRow {
  std::string design, origin;
  std::uint64_t bits = 0, servers = 0, mzis = 0, layers = 0;  ///< MZIs without units P and T
  double accuracy = 0;                                        ///< without noise
  std::vector<NoiseRate> rates;
  std::vector<ChipRate> chip_rates;
};

struct FrontRuns {
  std::vector<RunHeader> runs;
  std::vector<NoiseRow> rows;
};

/// A record of a run of `optinc noise`; those that don't say the size are passed over.
void add_to_front(const RecordFields& fields, const std::string& type, FrontRuns& runs);

/// The key `front` of the summary (doc/report.md).
base::Json summarise_front(const FrontRuns& runs);

}  // namespace optinc::report
