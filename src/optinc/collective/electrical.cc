#include "optinc/collective/electrical.h"

#include <algorithm>

#include "optinc/base/error.h"
#include "optinc/collective/element_arithmetic.h"

namespace optinc::collective {

std::string to_string(Electrical algorithm) {
  switch (algorithm) {
    case Electrical::ring:
      return "ring";
    case Electrical::rabenseifner:
      return "rabenseifner";
    case Electrical::tree:
      return "tree";
  }
  return "?";
}

std::unique_ptr<AllReduce> make_all_reduce(Electrical algorithm, Transport& transport,
                                           const ElectricalOptions& options) {
  switch (algorithm) {
    case Electrical::ring:
      return std::make_unique<RingAllReduce>(transport, options);
    case Electrical::rabenseifner:
      return std::make_unique<RabenseifnerAllReduce>(transport, options);
    case Electrical::tree:
      return std::make_unique<TreeAllReduce>(transport, options);
  }
  return nullptr;
}

}  // namespace optinc::collective

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
