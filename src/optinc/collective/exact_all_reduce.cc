#include "optinc/collective/exact_all_reduce.h"

#include <algorithm>

#include "optinc/collective/electrical.h"
#include "optinc/collective/parts.h"

namespace optinc::collective {

AllReduceStats ExactAllReduce::run(const Tensor& tensor, const ReduceCall& call) {
  const int size = transport_.size(), rank = transport_.rank();
  const std::span<std::byte> output = electrical::copy_to_output(tensor);
  const Parts parts(tensor.bytes(), size, tensor.element_bytes());
  const std::size_t own_bytes = parts.size(rank), count = own_bytes / tensor.element_bytes();
  arrived_.resize(size);
  std::vector<Outgoing> sent;
  std::vector<Incoming> received;
  for (int other = 1; other < size; ++other) {
    const int to = (rank + other) % size, from = (rank + size - other) % size;
    arrived_[from].resize(own_bytes);
    sent.push_back({to, parts.of(std::span<const std::byte>(output), to)});
    received.push_back({from, arrived_[from]});
  }
  transport_.exchange(sent, received);

  const std::span<std::byte> own = parts.of(output, rank);
  sums_.assign(count, 0);
  values_.resize(count);
  for (int from = 0; from < size; ++from) {
    codec::to_float(tensor.type, from == rank ? own.data() : arrived_[from].data(), values_);
    for (std::size_t i = 0; i < count; ++i) sums_[i] += values_[i];
  }
  const double divisor = call.op == ReduceOp::average ? size : 1;
  std::ranges::transform(sums_, values_.begin(), [&](double sum) { return static_cast<float>(sum / divisor); });
  codec::from_float(values_, tensor.type, codec::Overflow::to_infinity, own.data());

  sent.clear();
  received.clear();
  for (int other = 1; other < size; ++other) {
    const int to = (rank + other) % size, from = (rank + size - other) % size;
    sent.push_back({to, own});
    received.push_back({from, parts.of(output, from)});
  }
  transport_.exchange(sent, received);
  report_done(output.size());
  const std::size_t bytes = output.size() - own_bytes + own_bytes * (size - 1);
  return {.payload_bytes = output.size(), .wire_bytes = bytes, .rounds = size > 1 ? 2 : 0, .servers = size};
}

}  // namespace optinc::collective
