#include "optinc/collective/scatter_gather.h"

#include <algorithm>

#include "optinc/collective/electrical.h"
#include "optinc/collective/ring.h"

namespace optinc::collective {

AllReduceStats reduce_scatter_by_device(AllReduce& device, const Tensor& tensor, const ReduceCall& call) {
  return device.all_reduce(tensor, call);
}

AllReduceStats all_gather_by_device(AllReduce& device, int rank, int ranks, const Tensor& tensor,
                                    const ReduceCall& call, std::vector<std::byte>& scratch) {
  const std::size_t size = tensor.element_bytes();
  const Parts parts(tensor.count, ranks, 1);
  scratch.assign(tensor.bytes(), std::byte{0});
  std::copy_n(tensor.input + parts.begin(rank) * size, parts.size(rank) * size,
              scratch.begin() + static_cast<std::ptrdiff_t>(parts.begin(rank) * size));
  Tensor padded = tensor;
  padded.input = scratch.data();
  ReduceCall sum = call;
  sum.op = ReduceOp::sum;
  return device.all_reduce(padded, sum);
}

AllReduceStats reduce_scatter_by_ring(Transport& transport, const Tensor& tensor, const ReduceCall& call,
                                      std::vector<std::byte>& scratch) {
  const int size = transport.size(), rank = transport.rank();
  const std::span<std::byte> values = electrical::copy_to_output(tensor);
  const Parts parts(values.size(), size, tensor.element_bytes());
  ring_reduce_scatter(transport, parts, electrical::segment_of({}, tensor), values, electrical::adding(tensor),
                      scratch);
  electrical::finish_sum(tensor, call, size, parts.of(values, rank));
  return {.payload_bytes = values.size(),
          .wire_bytes = values.size() - parts.size(rank),
          .rounds = size - 1,
          .servers = size};
}

AllReduceStats all_gather_by_ring(Transport& transport, const Tensor& tensor) {
  const int size = transport.size(), rank = transport.rank();
  const std::span<std::byte> values(tensor.output, tensor.bytes());
  const Parts parts(values.size(), size, tensor.element_bytes());
  if (!tensor.in_place()) {
    std::copy_n(tensor.input + parts.begin(rank), parts.size(rank), tensor.output + parts.begin(rank));
  }
  ring_all_gather(transport, parts, values);
  return {.payload_bytes = values.size(),
          .wire_bytes = values.size() - parts.size((rank + 1) % size),
          .rounds = size - 1,
          .servers = size};
}

}  // namespace optinc::collective
