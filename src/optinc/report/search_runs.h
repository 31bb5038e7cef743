// Records of `optinc search`: fronts of designs that none beats (doc/format_records.md).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "optinc/report/record_fields.h"
#include "optinc/report/run_header.h"

namespace optinc::report {

struct SearchedDesign {
  std::uint64_t mzis = 0, layers = 0;  ///< MZIs without units P and T
  double noise = 0;                    ///< relative noise that it bears
  double accuracy = 0;                 ///< without noise
  double chip_rate = 0;                ///< mean share of inputs right on the search's chips; 0 without chips
  std::string file;                    ///< empty while the search goes on
};

struct SearchRun {
  RunHeader header;
  std::string over;  ///< "constructions" or "structures"
  std::uint64_t bits = 0, servers = 0;
  double rate = 0;          ///< the share of inputs that is to stay right under the noise that is borne
  std::uint64_t chips = 0;  ///< 0: none
  std::string parts;        ///< of the chips: a preset and what differs from it
  std::vector<SearchedDesign> front;
};

SearchRun read_search_run(const RecordFields& fields, RunHeader header);
/// A record of it: a generation's front holds until the next one.
void add_to_search(const RecordFields& fields, const std::string& type, SearchRun& run);

/// The key `searches` of the summary (doc/report.md).
base::Json summarise_searches(const std::vector<SearchRun>& runs);

}  // namespace optinc::report
