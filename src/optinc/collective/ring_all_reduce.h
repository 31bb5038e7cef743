// The baseline: ring all-reduce in float32, reduce-scatter and all-gather (doc/collective.md).
#pragma once

#include <vector>

#include "optinc/collective/all_reduce.h"
#include "optinc/collective/transport.h"

namespace optinc::collective {

struct RingAllReduceOptions {
  std::size_t segment_bytes = std::size_t{1} << 20;  ///< longest message of the reducing half, >= 4
};

/// average = sum / N in float32, divided once, by the rank that has the whole sum. The sum of part r is taken in the
/// order of ranks r + 1, r + 2, ..., r (mod N); all others get a copy: the same bits at every rank. NaN and Inf spread
/// as float32 addition has it. `first_element` means nothing here.
class RingAllReduce : public AllReduce {
 public:
  /// Throws base::InputError for segments of less than 4 bytes. `transport` must live as long as this.
  explicit RingAllReduce(Transport& transport, const RingAllReduceOptions& options = {});
  AllReduceStats average(std::span<float> values, std::uint64_t first_element) override;

 private:
  Transport& transport_;
  RingAllReduceOptions options_;
  std::vector<float> scratch_;
};

}  // namespace optinc::collective
