// Some of a transport's ranks, numbered anew: what algorithms see after others have been lost.
#pragma once

#include <vector>

#include "optinc/collective/transport.h"

namespace optinc::collective {

/// Member i of `members` is rank i here. Errors still speak of the ranks of the transport underneath.
class SubgroupTransport : public Transport {
 public:
  /// Throws base::InputError unless `members` are ascending ranks of `transport` with its own among them. `transport`
  /// must live as long as this.
  SubgroupTransport(Transport& transport, std::vector<int> members);

  int rank() const override { return rank_; }
  int size() const override { return static_cast<int>(members_.size()); }
  void exchange(std::span<const Outgoing> sent, std::span<const Incoming> received) override;
  using Transport::exchange;
  void abort(const std::string& why) noexcept override { transport_.abort(why); }

 private:
  Transport& transport_;
  std::vector<int> members_;
  int rank_ = 0;
  std::vector<Outgoing> sent_;
  std::vector<Incoming> received_;
};

}  // namespace optinc::collective
