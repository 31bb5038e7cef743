#include "optinc/collective/electrical.h"

#include <algorithm>

#include "optinc/base/error.h"
#include "optinc/collective/element_arithmetic.h"

namespace optinc::collective::electrical {

void check(const ElectricalOptions& options) {
  base::require(options.segment_bytes >= sizeof(float), "segments of {} bytes: expected at least {}",
                options.segment_bytes, sizeof(float));
}

std::size_t segment_of(const ElectricalOptions& options, const Tensor& tensor) {
  return options.segment_bytes / tensor.element_bytes() * tensor.element_bytes();
}

std::span<std::byte> copy_to_output(const Tensor& tensor) {
  if (!tensor.in_place()) std::copy_n(tensor.input, tensor.bytes(), tensor.output);
  return {tensor.output, tensor.bytes()};
}

Combine adding(const Tensor& tensor) {
  return [type = tensor.type](std::span<std::byte> own, std::span<const std::byte> arrived) {
    add_elements(type, own, arrived);
  };
}

void finish_sum(const Tensor& tensor, const ReduceCall& call, int ranks, std::span<std::byte> part) {
  if (call.op == ReduceOp::average) divide_elements(tensor.type, part, static_cast<float>(ranks));
}

}  // namespace optinc::collective::electrical
