#include "optinc/collective/subgroup_transport.h"

#include <algorithm>
#include <utility>

#include "optinc/base/error.h"

namespace optinc::collective {

SubgroupTransport::SubgroupTransport(Transport& transport, std::vector<int> members)
    : transport_(transport), members_(std::move(members)) {
  base::require(std::ranges::is_sorted(members_, std::less_equal<>()), "members of a group: expected ascending ranks");
  const auto own = std::ranges::find(members_, transport.rank());
  base::require(own != members_.end(), "a group without its own rank {}", transport.rank());
  base::require(members_.front() >= 0 && members_.back() < transport.size(), "member {}: expected a rank 0 .. {}",
                members_.front() < 0 ? members_.front() : members_.back(), transport.size() - 1);
  rank_ = static_cast<int>(own - members_.begin());
}

void SubgroupTransport::exchange(std::span<const Outgoing> sent, std::span<const Incoming> received) {
  const auto rank_of = [&](int member) {
    base::require(member >= 0 && member < size(), "member {} of {}: there is no such rank", member, size());
    return members_[member];
  };
  sent_.clear();
  for (const Outgoing& message : sent) {
    if (!message.bytes.empty()) sent_.push_back({rank_of(message.to), message.bytes});
  }
  received_.clear();
  for (const Incoming& message : received) {
    if (!message.bytes.empty()) received_.push_back({rank_of(message.from), message.bytes});
  }
  transport_.exchange(sent_, received_);
}

}  // namespace optinc::collective
