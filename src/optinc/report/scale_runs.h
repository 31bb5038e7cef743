// What `optinc model` and `optinc reproduce fig6|fig7b` wrote (doc/format_records.md): costs at scale, all modelled.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "optinc/report/record_fields.h"
#include "optinc/report/run_header.h"

namespace optinc::report {

/// Shares of a step that OptINC saves, negative where it loses.
struct ScaleCase {
  std::size_t run = 0;  ///< cases of different runs are not drawn as one curve
  std::string model;
  std::uint64_t bits = 0;          ///< of OptINC's codes
  std::uint64_t element_bits = 0;  ///< of the others
  bool fused = false;
  bool overlapped = false;
  std::uint64_t servers = 0;
  double samples = 0;  ///< of a server, a step
  double saved_of_ring = 0;
  double saved_of_best_other = 0;
  double saved_of_ring_at_equal_bits = 0;
  double saved_of_best_at_equal_bits = 0;
};

/// Bytes that a server sends, over one pass of its data.
struct Figure6Row {
  std::uint64_t servers = 0;
  double paper_ring = 0, ring = 0;
  double paper_optinc = 0, optinc = 0;
  double scales = 0;  ///< of ours, beside `optinc`
};

/// A reduction that the paper gives, and the samples at which it comes out.
struct Figure7bRow {
  std::string model;
  std::string assumptions;
  std::string in_words;
  double paper = 0;  ///< share of a ring's step
  double ring_s = 0, optinc_s = 0;
  double most_saved = 0;
  double samples = 0;          ///< NaN: never
  double computing_share = 0;  ///< of a ring's step, then; NaN: never
};

/// An all-reduce in closed form and as SimGrid plays it.
struct SimulatedRow {
  std::uint64_t hosts = 0;
  std::string algorithm;
  double modelled_s = 0, simulated_s = 0;
  double own_of_simgrid_s = 0;  ///< SimGrid's own algorithm of the kind; NaN: there is none
};

struct ScaleRuns {
  std::vector<RunHeader> runs;  ///< of `optinc model` and tests/simgrid
  std::vector<ScaleCase> cases;
  std::vector<Figure6Row> figure6;
  std::vector<Figure7bRow> figure7b;
  std::vector<SimulatedRow> simulated;

  bool empty() const { return cases.empty() && figure6.empty() && figure7b.empty() && simulated.empty(); }
};

/// Adds a record of type `type`, of run number `run`; other types are passed over. Throws base::InputError, one line.
void add_to_scale(const RecordFields& fields, std::string_view type, std::size_t run, ScaleRuns& runs);

/// Of the report's summary.
base::Json summarise_scale(const ScaleRuns& runs);

}  // namespace optinc::report
