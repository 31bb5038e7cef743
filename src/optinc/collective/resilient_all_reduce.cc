#include "optinc/collective/resilient_all_reduce.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "optinc/base/error.h"
#include "optinc/collective/electrical_all_reduce.h"

namespace optinc::collective {
namespace {

using Cause = TransportError::Cause;

/// A call's inputs, kept as they were, for those that are overwritten.
class KeptInputs {
 public:
  KeptInputs(const Tensor& tensor, const ReduceCall& call) : tensor_(tensor), call_(call) {
    if (tensor.in_place()) input_.assign(tensor.input, tensor.input + tensor.bytes());
    residual_.assign(call.residual.begin(), call.residual.end());
  }
  void put_back() const {
    if (tensor_.in_place()) std::ranges::copy(input_, tensor_.output);
    std::ranges::copy(residual_, call_.residual.begin());
  }

 private:
  const Tensor& tensor_;
  const ReduceCall& call_;
  std::vector<std::byte> input_;
  std::vector<float> residual_;
};

}  // namespace

std::string to_string(OnFault on_fault) {
  switch (on_fault) {
    case OnFault::abort:
      return "abort";
    case OnFault::ring:
      return "ring";
    case OnFault::survivors:
      return "survivors";
  }
  return "?";
}

OnFault parse_on_fault(std::string_view name) {
  for (const OnFault on_fault : {OnFault::abort, OnFault::ring, OnFault::survivors}) {
    if (to_string(on_fault) == name) return on_fault;
  }
  base::refuse("outcome of a fault \"{}\": expected abort, ring or survivors", name);
}

ResilientAllReduce::ResilientAllReduce(Transport& transport, MakeOptics make_optics, const ResilientOptions& options)
    : transport_(transport), make_optics_(std::move(make_optics)), options_(options) {
  for (const int port : options.lost_ports) {
    base::require(port >= 0 && port < transport.size(), "lost port {}: expected a rank 0 .. {}", port,
                  transport.size() - 1);
  }
  std::vector<int> all(transport.size());
  std::iota(all.begin(), all.end(), 0);
  set_members(all);
}

ResilientAllReduce::~ResilientAllReduce() = default;

void ResilientAllReduce::set_members(const std::vector<int>& members) {
  members_ = members;
  optics_.reset();
  ring_.reset();
  group_ = std::make_unique<SubgroupTransport>(transport_, members);
  std::vector<int> dark;
  for (std::size_t i = 0; i < members.size(); ++i) {
    const bool lost = std::ranges::count(options_.lost_ports, members[i]) > 0;
    if (lost && options_.on_fault == OnFault::survivors) dark.push_back(static_cast<int>(i));
  }
  optics_ = make_optics_(*group_, dark);
  ring_ = std::make_unique<RingAllReduce>(*group_);
}

AllReduceStats ResilientAllReduce::run(const Tensor& tensor, const ReduceCall& call) {
  ++call_;
  phase_ = Phase::working;
  if (!options_.lost_ports.empty() && options_.on_fault == OnFault::abort) {
    throw base::RunError(fmt::format("rank {} of {}: no light from port {}: the average would lack a server",
                                     transport_.rank(), transport_.size(), options_.lost_ports[0]));
  }
  bool by_ring = !options_.lost_ports.empty() && options_.on_fault == OnFault::ring;
  if (options_.on_fault == OnFault::abort || !transport_.can_regroup()) return attempt(tensor, call, by_ring);

  const KeptInputs kept(tensor, call);
  AllReduceStats stats;
  // Every failure costs a member, or is a message that was late or corrupted: a network that goes on like that is
  // broken.
  const int most_attempts = 2 * transport_.size() + 4;
  for (int attempts = 1;; ++attempts) {
    try {
      stats = attempt(tensor, call, by_ring);
      phase_ = Phase::ending;
      tell_all_that_this_rank_is_done();
      return stats;
    } catch (const TransportError& error) {
      if (error.cause() == Cause::excluded || attempts == most_attempts) throw;
      if (regroup(error)) return stats;
    }
    by_ring = options_.on_fault == OnFault::ring;
    phase_ = Phase::working;
    kept.put_back();
  }
}

AllReduceStats ResilientAllReduce::attempt(const Tensor& tensor, const ReduceCall& call, bool by_ring) {
  ReduceCall numbered = call;
  numbered.number = call_;
  AllReduceStats stats = (by_ring ? *ring_ : *optics_).all_reduce(tensor, numbered);
  stats.fell_back = by_ring;
  return stats;
}

void ResilientAllReduce::tell_all_that_this_rank_is_done() {
  const std::byte done{1};
  std::vector<std::byte> heard(group_->size());
  std::vector<Outgoing> sent;
  std::vector<Incoming> received;
  for (int other = 0; other < group_->size(); ++other) {
    if (other == group_->rank()) continue;
    sent.push_back({other, {&done, 1}});
    received.push_back({other, {&heard[other], 1}});
  }
  group_->exchange(sent, received);
}

bool ResilientAllReduce::regroup(const TransportError& error) {
  const std::uint64_t own = 2 * call_ + static_cast<std::uint64_t>(phase_);
  const Membership membership = transport_.regroup(own);
  const std::size_t before = members_.size();
  if (membership.members != members_) set_members(membership.members);
  if (options_.on_fault == OnFault::ring && membership.members.size() < before) {
    throw TransportError(
        error.cause(), error.peer(),
        fmt::format("{}; the ring needs all {} ranks, {} are there", error.what(), before, membership.members.size()),
        /*says_how_far=*/true);
  }
  if (options_.notice) {
    options_.notice(fmt::format("{}; {} of {} ranks go on", error.what(), membership.members.size(), before));
  }
  const bool one_is_ahead = std::ranges::any_of(membership.states, [&](auto state) { return state / 2 > call_; });
  const bool all_were_ending = std::ranges::all_of(membership.states, [&](auto state) { return state == own; });
  return phase_ == Phase::ending && (one_is_ahead || all_were_ending);
}

}  // namespace optinc::collective
