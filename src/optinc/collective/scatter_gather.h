// Reduce-scatter and all-gather: through the device, which knows only the average of everything, and by the ring.
//
// Part r of a tensor is rank r's: Parts(count, ranks, 1). In the output of a reduce-scatter only a rank's own part
// means anything; of the input of an all-gather only a rank's own part counts.
#pragma once

#include <vector>

#include "optinc/collective/all_reduce.h"
#include "optinc/collective/parts.h"
#include "optinc/collective/transport.h"

namespace optinc::collective {

/// An all-reduce of which each rank keeps its part: the splitter sends everything to all ports anyway, so the device
/// saves nothing.
AllReduceStats reduce_scatter_by_device(AllReduce& device, const Tensor& tensor, const ReduceCall& call);

/// The sum of tensors that are zero but for the own part. The device averages codes, so of a part's B bits
/// B - log2(N) are left, and N times the bytes of a plain all-gather enter the network.
AllReduceStats all_gather_by_device(AllReduce& device, int rank, int ranks, const Tensor& tensor,
                                    const ReduceCall& call, std::vector<std::byte>& scratch);

/// The two halves of RingAllReduce.
AllReduceStats reduce_scatter_by_ring(Transport& transport, const Tensor& tensor, const ReduceCall& call,
                                      std::vector<std::byte>& scratch);
AllReduceStats all_gather_by_ring(Transport& transport, const Tensor& tensor);

}  // namespace optinc::collective
