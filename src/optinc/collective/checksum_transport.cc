#include "optinc/collective/checksum_transport.h"

#include <xxhash.h>

#include "optinc/collective/transport_error.h"

namespace optinc::collective {

ChecksumTransport::ChecksumTransport(Transport& transport)
    : transport_(transport), sent_to_(transport.size()), received_from_(transport.size()) {}

void ChecksumTransport::exchange(std::span<const Outgoing> sent, std::span<const Incoming> received) {
  sums_.resize(sent.size() + received.size());
  sent_.clear();
  for (std::size_t i = 0; i < sent.size(); ++i) {
    const Outgoing& message = sent[i];
    if (message.bytes.empty()) continue;
    check_peer({Message::Kind::send, rank(), size(), message.to, message.bytes.size()});
    sums_[i] = XXH3_64bits_withSeed(message.bytes.data(), message.bytes.size(), sent_to_[message.to]++);
    sent_.push_back(message);
    sent_.push_back({message.to, std::as_bytes(std::span(&sums_[i], 1))});
  }
  received_.clear();
  for (std::size_t i = 0; i < received.size(); ++i) {
    const Incoming& message = received[i];
    if (message.bytes.empty()) continue;
    check_peer({Message::Kind::receive, rank(), size(), message.from, message.bytes.size()});
    received_.push_back(message);
    received_.push_back({message.from, std::as_writable_bytes(std::span(&sums_[sent.size() + i], 1))});
  }
  transport_.exchange(sent_, received_);
  for (std::size_t i = 0; i < received.size(); ++i) {
    const Incoming& message = received[i];
    if (message.bytes.empty()) continue;
    const std::uint64_t sum =
        XXH3_64bits_withSeed(message.bytes.data(), message.bytes.size(), received_from_[message.from]++);
    if (sum != sums_[sent.size() + i]) {
      throw_failed(
          TransportError::Cause::corrupted,
          {Message::Kind::receive, rank(), size(), message.from, message.bytes.size()},
          fmt::format("checksum {:016x} instead of {:016x}: corrupted on the way", sum, sums_[sent.size() + i]));
    }
  }
}

Membership ChecksumTransport::regroup(std::uint64_t state) {
  Membership membership = transport_.regroup(state);
  // Some messages from before were dropped: both ends begin anew.
  sent_to_.assign(size(), 0);
  received_from_.assign(size(), 0);
  return membership;
}

}  // namespace optinc::collective
