// Many chips on many inputs: how often every symbol is right.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "optinc/base/progress.h"
#include "optinc/base/record.h"
#include "optinc/chip/chip.h"
#include "optinc/device/averager.h"

namespace optinc::chip {

struct SimulationOptions {
  std::uint64_t sample = 0;  ///< this many inputs drawn at random by the seed; 0: every input
  int threads = 0;           ///< 0: all; results do not depend on it
  /// Compare the outputs with those of this averager; null: don't.
  const device::Averager* against = nullptr;
};

/// One chip's result.
struct ChipResult {
  std::uint64_t chip = 0;
  std::uint64_t inputs = 0;
  std::uint64_t wrong = 0;  ///< inputs for which some server got some symbol wrong
  std::uint64_t codes = 0;  ///< received: inputs times servers
  std::uint64_t wrong_codes = 0;
  std::uint64_t symbols = 0;  ///< received
  std::uint64_t wrong_symbols = 0;
  std::map<std::int64_t, std::uint64_t> errors;  ///< received code less right code -> how many
  double largest_error = 0;                      ///< of a received level before the receiver, levels
  double largest_difference = 0;                 ///< from `against`, levels
  std::uint64_t different = 0;                   ///< received codes other than those of `against`
  double seconds = 0;

  double exact_symbol_rate() const { return 1 - static_cast<double>(wrong) / static_cast<double>(inputs); }
  void merge(const ChipResult& other);
};

/// `progress` (may be null) is told of inputs done, from `done` on.
ChipResult simulate(const Fab& fab, std::uint64_t chip, const SimulationOptions& options,
                    base::Progress* progress = nullptr, double done = 0);

/// The chips of `numbers` [count]: over the threads, one chip each, where there are as many.
std::vector<ChipResult> simulate_all(const Fab& fab, const std::vector<std::uint64_t>& numbers,
                                     const SimulationOptions& options, base::Progress* progress = nullptr,
                                     double done = 0);

/// The record `chip` of doc/format_records.md, without its type; and back. Times are left out of comparisons.
base::Json to_json(const ChipResult& result);
ChipResult chip_result_from_json(const base::Json& json);

struct Interval {
  double low = 0, high = 0;
};

/// Over chips.
struct YieldSummary {
  std::uint64_t chips = 0;
  std::uint64_t inputs = 0, wrong = 0;  ///< summed
  double exact_symbol_rate = 0;         ///< mean over chips
  Interval rate_interval;               ///< 95 %: percentiles of 2,000 bootstrap means over chips
  double least_rate = 0, median_rate = 0, largest_rate = 0;
  double symbol_error_rate = 0;
  double threshold = 0;
  double yield = 0;         ///< share of chips whose rate is at least the threshold
  Interval yield_interval;  ///< 95 %, Wilson
  std::map<std::int64_t, std::uint64_t> errors;
  double largest_error = 0;
};
YieldSummary summarise(const std::vector<ChipResult>& results, double threshold, std::uint64_t seed);
base::Json to_json(const YieldSummary& summary);

}  // namespace optinc::chip
