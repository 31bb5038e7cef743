// Messages with a checksum each, over any transport: what is corrupted on the way is noticed.
#pragma once

#include <vector>

#include "optinc/collective/transport.h"

namespace optinc::collective {

/// Every message is followed by one of 8 bytes: its XXH3-64, seeded with its number among the messages between those
/// two ranks, so that a message that is lost or comes twice is noticed, too. A wrong one throws TransportError with
/// Cause::corrupted. All ranks must do it. `transport` must live as long as this.
class ChecksumTransport : public Transport {
 public:
  explicit ChecksumTransport(Transport& transport);

  int rank() const override { return transport_.rank(); }
  int size() const override { return transport_.size(); }
  void exchange(std::span<const Outgoing> sent, std::span<const Incoming> received) override;
  using Transport::exchange;
  void abort(const std::string& why) noexcept override { transport_.abort(why); }
  bool can_regroup() const override { return transport_.can_regroup(); }
  Membership regroup(std::uint64_t state) override;

 private:
  Transport& transport_;
  std::vector<std::uint64_t> sent_to_, received_from_;  // [rank]: messages so far
  std::vector<Outgoing> sent_;
  std::vector<Incoming> received_;
  std::vector<std::uint64_t> sums_;  // of what is sent, then those that arrive
};

}  // namespace optinc::collective
