#include "optinc/collective/all_reduce.h"

#include "optinc/base/error.h"
#include "optinc/collective/transport_error.h"

namespace optinc::collective {

std::string to_string(ReduceOp op) {
  switch (op) {
    case ReduceOp::sum:
      return "sum";
    case ReduceOp::average:
      return "avg";
  }
  return "?";
}

ReduceOp parse_reduce_op(std::string_view name) {
  for (const ReduceOp op : {ReduceOp::sum, ReduceOp::average}) {
    if (to_string(op) == name) return op;
  }
  base::refuse("operation \"{}\": expected sum or avg", name);
}

AllReduceStats AllReduce::all_reduce(const Tensor& tensor, const ReduceCall& call) {
  base::require(call.residual.empty() || call.residual.size() == tensor.count,
                "a residual of {} elements for a tensor of {}: expected as many", call.residual.size(), tensor.count);
  ++calls_;
  done_bytes_ = 0;
  try {
    return run(tensor, call);
  } catch (const TransportError& error) {
    // Who gives up has said how far it got.
    if (error.says_how_far() || error.cause() == TransportError::Cause::given_up) throw;
    throw TransportError(error.cause(), error.peer(),
                         fmt::format("{} [{} all-reduce number {}: {} of {} bytes done]", error.what(), name(),
                                     call.number > 0 ? call.number : calls_, done_bytes_, tensor.bytes()),
                         /*says_how_far=*/true);
  }
}

AllReduceStats AllReduce::average(std::span<float> values, std::uint64_t first_element) {
  std::byte* const bytes = std::as_writable_bytes(values).data();
  return all_reduce({.count = values.size(), .input = bytes, .output = bytes}, {.first_element = first_element});
}

}  // namespace optinc::collective
