// The two halves of a ring all-reduce, for numbers of any type: every rank sends to the next rank and receives from the
// one before, so that all ports are busy in every round.
#pragma once

#include <algorithm>
#include <cstddef>
#include <span>
#include <vector>

#include "optinc/collective/transport.h"

namespace optinc::collective {

/// How a tensor is shared out: rank r owns [begin(r), end(r)).
class Parts {
 public:
  /// [0, count) in one part a rank, of whole grains (the last grain may be short), as even as grains allow.
  Parts(std::size_t count, int ranks, std::size_t grain) : offsets_(ranks + 1) {
    const std::size_t grains = count / grain + (count % grain != 0);
    const std::size_t least = grains / ranks, more = grains % ranks;
    for (int rank = 1; rank <= ranks; ++rank) {
      const std::size_t grains_before = least * rank + std::min<std::size_t>(rank, more);
      offsets_[rank] = grains_before == grains ? count : grains_before * grain;
    }
  }
  /// Part r ends at ends[r], where part r + 1 begins.
  explicit Parts(const std::vector<std::size_t>& ends) : offsets_(ends.size() + 1) {
    std::ranges::copy(ends, offsets_.begin() + 1);
  }

  std::size_t begin(int rank) const { return offsets_[rank]; }
  std::size_t end(int rank) const { return offsets_[rank + 1]; }
  std::size_t size(int rank) const { return end(rank) - begin(rank); }

  template <typename T>
  std::span<T> of(std::span<T> values, int rank) const {
    return values.subspan(begin(rank), size(rank));
  }

 private:
  std::vector<std::size_t> offsets_;
};

/// Every rank holds values [n]; afterwards part r of rank r's values is the reduction over all ranks, made with
/// `combine(own, arrived)` in the order of the ring, and the rest of its values is unspecified. Long parts go in
/// segments of `segment` (>= 1) elements, so that what arrives is combined while it is in the cache and `scratch` stays
/// that small.
template <typename T, typename Combine>
void ring_reduce_scatter(Transport& transport, const Parts& parts, std::size_t segment, std::span<T> values,
                         const Combine& combine, std::vector<T>& scratch) {
  const int size = transport.size(), rank = transport.rank();
  const int next = (rank + 1) % size, previous = (rank + size - 1) % size;
  for (int round = 0; round + 1 < size; ++round) {
    const std::span<T> sent = parts.of(values, (rank + 2 * size - round - 1) % size);
    const std::span<T> own = parts.of(values, (rank + 2 * size - round - 2) % size);
    for (std::size_t at = 0; at < std::max(sent.size(), own.size()); at += segment) {
      const auto segment_of = [&](std::span<T> part) {
        const std::size_t begin = std::min(at, part.size());
        return part.subspan(begin, std::min(segment, part.size() - begin));
      };
      const std::span<T> into = segment_of(own);
      scratch.resize(std::max(scratch.size(), into.size()));
      const std::span<T> arrived(scratch.data(), into.size());
      transport.exchange(next, std::as_bytes(segment_of(sent)), previous, std::as_writable_bytes(arrived));
      for (std::size_t i = 0; i < into.size(); ++i) into[i] = combine(into[i], arrived[i]);
    }
  }
}

/// Part r of rank r's values goes to all ranks; afterwards all hold all parts.
template <typename T>
void ring_all_gather(Transport& transport, const Parts& parts, std::span<T> values) {
  const int size = transport.size(), rank = transport.rank();
  const int next = (rank + 1) % size, previous = (rank + size - 1) % size;
  for (int round = 0; round + 1 < size; ++round) {
    const std::span<T> sent = parts.of(values, (rank + size - round) % size);
    const std::span<T> into = parts.of(values, (rank + 2 * size - round - 1) % size);
    transport.exchange(next, std::as_bytes(sent), previous, std::as_writable_bytes(into));
  }
}

}  // namespace optinc::collective
