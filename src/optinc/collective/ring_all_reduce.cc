#include "optinc/collective/electrical.h"
#include "optinc/collective/electrical_all_reduce.h"
#include "optinc/collective/ring.h"

namespace optinc::collective {

RingAllReduce::RingAllReduce(Transport& transport, const ElectricalOptions& options)
    : transport_(transport), options_(options) {
  electrical::check(options);
}

AllReduceStats RingAllReduce::run(const Tensor& tensor, const ReduceCall& call) {
  const int size = transport_.size(), rank = transport_.rank();
  const std::span<std::byte> values = electrical::copy_to_output(tensor);
  const Parts parts(values.size(), size, tensor.element_bytes());
  ring_reduce_scatter(transport_, parts, electrical::segment_of(options_, tensor), values, electrical::adding(tensor),
                      scratch_);
  electrical::finish_sum(tensor, call, size, parts.of(values, rank));
  ring_all_gather(transport_, parts, values);

  // Rank r sends every part but its own while reducing, and every part but the next rank's while gathering.
  const std::size_t sent = 2 * values.size() - parts.size(rank) - parts.size((rank + 1) % size);
  return {.payload_bytes = values.size(), .wire_bytes = sent, .rounds = 2 * (size - 1), .servers = size};
}

}  // namespace optinc::collective
