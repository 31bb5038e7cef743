// An all-reduce that says what happens when something fails, and does it at all ranks alike.
//
// Without it (and with OnFault::abort) a failure ends the call at every rank. With the other two, the ranks that are
// left regroup (Transport::regroup) and do the call again, with the inputs as they were. No rank returns a result that
// another does not have: a call ends with a round in which every rank tells every other that it is done, and
//   - whoever has heard all of them returns, since then every rank has the whole result;
//   - when that round itself fails, the ranks tell each other in regrouping where they stand: if one is in the next
//   call
//     already, or all were in that last round, the result stands; else all do the call again.
// The price: that round, and a copy of the input where the call is in place.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "optinc/collective/all_reduce.h"
#include "optinc/collective/subgroup_transport.h"
#include "optinc/collective/transport.h"
#include "optinc/collective/transport_error.h"

namespace optinc::collective {

enum class OnFault {
  abort,     ///< the call fails at every rank
  ring,      ///< this call is done again by the electrical ring; all ranks must still be there
  survivors  ///< the average over the ranks that are there, from now on; stats.servers tells how many
};

/// "abort", "ring", "survivors".
std::string to_string(OnFault on_fault);
/// The inverse. Throws base::InputError with the names that exist.
OnFault parse_on_fault(std::string_view name);

struct ResilientOptions {
  OnFault on_fault = OnFault::abort;
  /// Ports whose light does not arrive, in the numbers of the ranks; the same at all ranks. Treated as `on_fault` says.
  std::vector<int> lost_ports;
  /// Called when a failure has been survived, with one line for people.
  std::function<void(const std::string&)> notice;
};

/// Makes the optics' all-reduce over these ranks, of which `dark_ports` (in their numbers) send no light.
using MakeOptics = std::function<std::unique_ptr<AllReduce>(Transport& ranks, const std::vector<int>& dark_ports)>;

class ResilientAllReduce : public AllReduce {
 public:
  /// Calls are told apart by their number, which this object counts: it is the only one of its kind on `transport`,
  /// which must live as long as this. Throws base::InputError for lost ports that are no ranks.
  ResilientAllReduce(Transport& transport, MakeOptics make_optics, const ResilientOptions& options);
  ~ResilientAllReduce() override;
  std::string name() const override { return "resilient"; }
  /// The ranks that take part, ascending.
  const std::vector<int>& members() const { return members_; }

 private:
  enum class Phase : std::uint64_t { working = 0, ending = 1 };

  AllReduceStats run(const Tensor& tensor, const ReduceCall& call) override;
  AllReduceStats attempt(const Tensor& tensor, const ReduceCall& call, bool by_ring);
  void tell_all_that_this_rank_is_done();
  /// Regroups after `error`. Whether the call is complete all the same.
  bool regroup(const TransportError& error);
  void set_members(const std::vector<int>& members);

  Transport& transport_;
  MakeOptics make_optics_;
  ResilientOptions options_;
  std::vector<int> members_;
  std::unique_ptr<SubgroupTransport> group_;
  std::unique_ptr<AllReduce> optics_, ring_;
  std::uint64_t call_ = 0;
  Phase phase_ = Phase::working;
};

}  // namespace optinc::collective
