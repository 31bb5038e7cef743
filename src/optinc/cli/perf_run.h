// One algorithm, one operation, one size: timed and checked at every rank.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "optinc/cli/perf_algorithms.h"
#include "optinc/collective/transport.h"

namespace optinc::cli {

enum class Operation { all_reduce, reduce_scatter, all_gather };
/// "all_reduce", "reduce_scatter", "all_gather".
std::string to_string(Operation operation);

struct PerfCase {
  Operation operation = Operation::all_reduce;
  codec::ElementType type = codec::ElementType::float32;
  collective::ReduceOp op = collective::ReduceOp::sum;
  std::size_t count = 0;
  int iterations = 20;
  int warm_up = 5;
  bool check = true;
  std::uint64_t seed = 0;
  /// Rank r gives the inputs of rank order[r]; empty: its own.
  std::vector<int> order;
};

/// Out of place, or in place. The same at all ranks but for `hash`.
struct Timing {
  double seconds = 0;       ///< of one call, mean over the iterations and the ranks
  std::uint64_t wrong = 0;  ///< elements, over all ranks; 0 where nothing was checked
  std::uint64_t hash = 0;   ///< XXH3-64 of the output; of a reduce-scatter, of the rank's own part
};

struct PerfResult {
  Timing out_of_place, in_place;
  std::uint64_t wire_bytes = 0;  ///< of one call, the most over the ranks; 0 where it is not counted
  double nmse = 0;               ///< against the exact result, out of place; 0 where nothing was checked
  double ulp = 0;
};

/// algbw = bytes / seconds, in GB/s (10^9).
double algorithm_bandwidth(const PerfCase& measured, double seconds);
/// nccl-tests' busbw: algbw times 2 (N - 1) / N for all_reduce, (N - 1) / N for the other two.
double bus_bandwidth(const PerfCase& measured, int ranks, double seconds);

/// All ranks call it together. Nothing where the algorithm can't do it (MPI has no half types; only optinc and ring
/// scatter and gather).
std::optional<PerfResult> run_case(const PerfCase& wanted, const std::string& name, Algorithm& algorithm,
                                   collective::Transport& transport);

}  // namespace optinc::cli
