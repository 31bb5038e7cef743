#include "optinc/collective/ring_all_reduce.h"

#include "optinc/base/error.h"
#include "optinc/collective/ring.h"

namespace optinc::collective {

RingAllReduce::RingAllReduce(Transport& transport, const RingAllReduceOptions& options)
    : transport_(transport), options_(options) {
  base::require(options.segment_bytes >= sizeof(float), "segments of {} bytes: expected at least {}",
                options.segment_bytes, sizeof(float));
}

AllReduceStats RingAllReduce::average(std::span<float> values, std::uint64_t) {
  const int size = transport_.size(), rank = transport_.rank();
  const Parts parts(values.size(), size, 1);
  ring_reduce_scatter(
      transport_, parts, options_.segment_bytes / sizeof(float), values, [](float a, float b) { return a + b; },
      scratch_);
  for (float& sum : parts.of(values, rank)) sum /= static_cast<float>(size);
  ring_all_gather(transport_, parts, values);

  // Rank r sends every part but its own while reducing, and every part but the next rank's while gathering.
  const std::size_t sent = 2 * values.size() - parts.size(rank) - parts.size((rank + 1) % size);
  return {.payload_bytes = values.size_bytes(), .wire_bytes = sent * sizeof(float)};
}

}  // namespace optinc::collective
