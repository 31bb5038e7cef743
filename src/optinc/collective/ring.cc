#include "optinc/collective/ring.h"

#include <algorithm>

namespace optinc::collective {

void ring_reduce_scatter(Transport& transport, const Parts& parts, std::size_t segment, std::span<std::byte> values,
                         const Combine& combine, std::vector<std::byte>& scratch) {
  const int size = transport.size(), rank = transport.rank();
  const int next = (rank + 1) % size, previous = (rank + size - 1) % size;
  for (int round = 0; round + 1 < size; ++round) {
    const std::span<std::byte> sent = parts.of(values, (rank + 2 * size - round - 1) % size);
    const std::span<std::byte> own = parts.of(values, (rank + 2 * size - round - 2) % size);
    for (std::size_t at = 0; at < std::max(sent.size(), own.size()); at += segment) {
      const auto segment_of = [&](std::span<std::byte> part) {
        const std::size_t begin = std::min(at, part.size());
        return part.subspan(begin, std::min(segment, part.size() - begin));
      };
      const std::span<std::byte> into = segment_of(own);
      scratch.resize(std::max(scratch.size(), into.size()));
      const std::span<std::byte> arrived(scratch.data(), into.size());
      transport.exchange(next, segment_of(sent), previous, arrived);
      combine(into, arrived);
    }
  }
}

void ring_all_gather(Transport& transport, const Parts& parts, std::span<std::byte> values) {
  const int size = transport.size(), rank = transport.rank();
  const int next = (rank + 1) % size, previous = (rank + size - 1) % size;
  for (int round = 0; round + 1 < size; ++round) {
    const std::span<std::byte> sent = parts.of(values, (rank + size - round) % size);
    const std::span<std::byte> into = parts.of(values, (rank + 2 * size - round - 1) % size);
    transport.exchange(next, sent, previous, into);
  }
}

}  // namespace optinc::collective
