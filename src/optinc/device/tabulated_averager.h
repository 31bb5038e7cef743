// An averager's answers to all its inputs, kept in a table: where the possible inputs are few (28,561 for 8 bits and 4
// servers), looking up is a thousand times faster than the ONN's forward pass and gives the same bits.
#pragma once

#include <cstdint>
#include <vector>

#include "optinc/device/averager.h"

namespace optinc::device {

class TabulatedAverager : public Averager {
 public:
  /// The most inputs worth a table: 2^22 rows.
  static constexpr std::uint64_t kMaxInputs = std::uint64_t{1} << 22;

  /// Asks `averager` for every possible input once, on `threads` threads (0: all). Throws base::InputError if there are
  /// more than kMaxInputs.
  TabulatedAverager(const Averager& averager, int threads);
  void average(std::size_t count, const float* inputs, float* outputs) const override;

 private:
  std::vector<float> levels_;  // [input_count, M]
};

}  // namespace optinc::device
