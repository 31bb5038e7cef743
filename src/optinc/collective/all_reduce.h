// All-reduce (average) of float32 tensors over the ranks of a transport.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace optinc::collective {

struct AllReduceStats {
  std::uint64_t payload_bytes = 0;  ///< 4 * elements
  /// Bytes that this rank's network port sends in the modelled system: for a ring its messages, for OptINC the packed
  /// symbols and the scale codes, once. (What the simulation of the device itself moves between ranks is not in it.)
  std::uint64_t wire_bytes = 0;
  std::size_t non_finite_blocks = 0;  ///< blocks that are NaN at every rank now
};

class AllReduce {
 public:
  virtual ~AllReduce() = default;

  /// Replaces `values` by the average over all ranks: the same bits at every rank, over every transport, in every run.
  /// All ranks call it together, with the same length and `first_element`, which is the place of values[0] in the
  /// random streams (use step * length, so that a resumed run draws what the unbroken one would have drawn). Throws
  /// base::RunError when a peer fails or a deadline passes.
  virtual AllReduceStats average(std::span<float> values, std::uint64_t first_element) = 0;
};

}  // namespace optinc::collective
