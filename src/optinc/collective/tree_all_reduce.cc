#include <algorithm>
#include <bit>

#include "optinc/collective/electrical.h"
#include "optinc/collective/electrical_all_reduce.h"

namespace optinc::collective {

TreeAllReduce::TreeAllReduce(Transport& transport, const ElectricalOptions& options)
    : transport_(transport), options_(options) {
  electrical::check(options);
}

AllReduceStats TreeAllReduce::run(const Tensor& tensor, const ReduceCall& call) {
  const int size = transport_.size(), rank = transport_.rank();
  const std::span<std::byte> values = electrical::copy_to_output(tensor);
  const std::size_t segment = electrical::segment_of(options_, tensor);
  const Combine add = electrical::adding(tensor);

  // The children of rank r are r + 1, r + 2, r + 4, ... below r's lowest set bit; its parent is r without that bit.
  const int lowest_bit = rank == 0 ? static_cast<int>(std::bit_ceil(static_cast<unsigned>(size))) : rank & -rank;
  std::vector<int> children;
  for (int bit = 1; bit < lowest_bit && rank + bit < size; bit *= 2) children.push_back(rank + bit);
  const int parent = rank - lowest_bit;

  const auto in_segments = [&](const auto& move) {
    for (std::size_t at = 0; at < values.size(); at += segment) {
      move(values.subspan(at, std::min(segment, values.size() - at)));
    }
  };
  in_segments([&](std::span<std::byte> part) {
    scratch_.resize(std::max(scratch_.size(), part.size()));
    const std::span<std::byte> arrived(scratch_.data(), part.size());
    for (const int child : children) {
      transport_.exchange(-1, {}, child, arrived);
      add(part, arrived);
    }
    if (rank != 0) transport_.exchange(parent, part, -1, {});
  });
  if (rank == 0) electrical::finish_sum(tensor, call, size, values);
  in_segments([&](std::span<std::byte> part) {
    if (rank != 0) transport_.exchange(-1, {}, parent, part);
    std::vector<Outgoing> to_children;
    for (const int child : children) to_children.push_back({child, part});
    transport_.exchange(to_children, {});
  });

  const std::uint64_t messages = children.size() + (rank == 0 ? 0 : 1);
  return {.payload_bytes = values.size(),
          .wire_bytes = messages * values.size(),
          .rounds = 2 * static_cast<int>(std::bit_width(static_cast<unsigned>(size - 1))),
          .servers = size};
}

}  // namespace optinc::collective
