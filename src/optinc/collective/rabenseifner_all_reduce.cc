#include <algorithm>
#include <bit>

#include "optinc/collective/electrical.h"
#include "optinc/collective/electrical_all_reduce.h"

namespace optinc::collective {
namespace {

/// `own` goes to `peer` for its `theirs`, which is added, segment by segment.
void exchange_and_add(Transport& transport, int peer, std::span<const std::byte> theirs, std::span<std::byte> own,
                      std::size_t segment, const Combine& combine, std::vector<std::byte>& scratch) {
  for (std::size_t at = 0; at < std::max(theirs.size(), own.size()); at += segment) {
    const auto segment_of = [&](auto part) {
      const std::size_t begin = std::min(at, part.size());
      return part.subspan(begin, std::min(segment, part.size() - begin));
    };
    const std::span<std::byte> into = segment_of(own);
    scratch.resize(std::max(scratch.size(), into.size()));
    const std::span<std::byte> arrived(scratch.data(), into.size());
    transport.exchange(peer, segment_of(theirs), peer, arrived);
    combine(into, arrived);
  }
}

}  // namespace

RabenseifnerAllReduce::RabenseifnerAllReduce(Transport& transport, const ElectricalOptions& options)
    : transport_(transport), options_(options) {
  electrical::check(options);
}

AllReduceStats RabenseifnerAllReduce::run(const Tensor& tensor, const ReduceCall& call) {
  const int size = transport_.size(), rank = transport_.rank();
  const int power = static_cast<int>(std::bit_floor(static_cast<unsigned>(size)));
  const int too_many = size - power;
  const std::span<std::byte> values = electrical::copy_to_output(tensor);
  const std::size_t segment = electrical::segment_of(options_, tensor);
  const Combine add = electrical::adding(tensor);
  const int levels = std::countr_zero(static_cast<unsigned>(power));
  AllReduceStats stats{.payload_bytes = values.size(), .rounds = 2 * levels + (too_many > 0 ? 2 : 0), .servers = size};

  // Of ranks 0 .. 2 too_many - 1 the odd ones stand aside: the one before takes their tensor along.
  const bool paired = rank < 2 * too_many;
  if (paired && rank % 2 == 1) {
    exchange_and_add(transport_, rank - 1, values, {}, segment, add, scratch_);
    transport_.exchange(-1, {}, rank - 1, values);
    stats.wire_bytes = values.size();
    return stats;
  }
  if (paired) exchange_and_add(transport_, rank + 1, {}, values, segment, add, scratch_);
  const int place = paired ? rank / 2 : rank - too_many;
  const auto rank_at = [&](int p) { return p < too_many ? 2 * p : p + too_many; };

  // Halving: this place keeps the parts [first, first + kept) and gives the other half of what it had to its partner.
  const Parts parts(values.size(), power, tensor.element_bytes());
  const auto range = [&](int begin, int end) {
    return values.subspan(parts.begin(begin), parts.end(end - 1) - parts.begin(begin));
  };
  int first = 0;
  for (int distance = power / 2; distance >= 1; distance /= 2) {
    const bool upper = (place & distance) != 0;
    const int own = upper ? first + distance : first, given = upper ? first : first + distance;
    const std::span<std::byte> sent = range(given, given + distance);
    exchange_and_add(transport_, rank_at(place ^ distance), sent, range(own, own + distance), segment, add, scratch_);
    stats.wire_bytes += sent.size();
    first = own;
  }
  electrical::finish_sum(tensor, call, size, range(first, first + 1));

  for (int distance = 1; distance < power; distance *= 2) {
    const int own = place / distance * distance, partner = place ^ distance, theirs = own ^ distance;
    const std::span<std::byte> sent = range(own, own + distance);
    transport_.exchange(rank_at(partner), sent, rank_at(partner), range(theirs, theirs + distance));
    stats.wire_bytes += sent.size();
  }
  if (paired) {
    transport_.exchange(rank + 1, values, -1, {});
    stats.wire_bytes += values.size();
  }
  return stats;
}

}  // namespace optinc::collective
