// Who is in the group and who is not any more: what ranks joined by TCP agree on after a failure.
//
// Ranks fail by ending (their connections close), or by not answering in time. To regroup, from epoch e:
//   1. Every rank tells every other that it has come to the regrouping of epoch e + 1, and its state. Who hears that of
//      a later epoch than its own joins that one, unless it has agreed to a view (3).
//   2. The lowest rank that has not ended proposes a view: the ranks that it has heard, with their states, as soon as
//      it has heard all that have not ended, or when the deadline is over. A rank takes a lower one for ended that it
//      has not heard within its own deadline, or whose view does not come within two of them.
//   3. Every rank agrees to the first view that it hears of and tells all others so, those outside of it too: they are
//      excluded. It is in force, and regroup() returns, when all of its members have agreed.
//   4. When a member ends before it has agreed, does not agree in time, has agreed to another view or gone to a later
//      epoch, all go to the next epoch.
// A rank returns only from a view that all its members have agreed to, and agrees to one view an epoch: of two members
// of an epoch both have the same view. When a member ends meanwhile, one may return from an epoch that another leaves
// for the next; they meet there.
//
// Limits: a rank that is stopped for long may find itself excluded though it would have come. Ranks must not be cut off
// from each other while both live (a network that splits): each half would go on without the other.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "optinc/collective/file_descriptor.h"
#include "optinc/collective/tcp_control.h"
#include "optinc/collective/transport.h"
#include "optinc/collective/transport_error.h"

namespace optinc::collective {

class TcpGroup {
 public:
  enum class Standing {
    member,
    gone,   ///< its connection closed without a word
    left,   ///< it has ended after a failure
    ended,  ///< it has ended in an orderly way: no failure as long as nothing is needed of it
    out     ///< the members go on without it
  };

  /// `controls`: [rank], nothing for the own one.
  TcpGroup(int rank, int size, double deadline_s, std::vector<FileDescriptor> controls);

  std::uint64_t epoch() const { return epoch_; }
  Standing standing(int rank) const { return peers_[rank].standing; }
  /// Its data connection has closed.
  void lost(int rank);

  /// Takes in what the others have said. Never waits.
  void read();
  /// Can be polled: readable when somebody has said something.
  int fd() const { return epoll_.get(); }
  /// Throws TransportError when no wait can succeed any more: excluded, given_up, gone, regrouping. `message` gives the
  /// message to speak of, one to or from that peer if there is one.
  void throw_if_failed(const std::function<Message(int peer)>& message) const;
  /// The same when a rank has ended after a failure of its own, whose cause the others may know better.
  void throw_if_left(const std::function<Message(int peer)>& message) const;
  /// Throws TransportError: that rank has ended.
  [[noreturn]] void throw_gone(int rank, const Message& message) const;

  void abort(const std::string& why);
  void say_goodbye(bool failed);
  /// Throws TransportError (excluded).
  Membership regroup(std::uint64_t state);

 private:
  using Clock = std::chrono::steady_clock;

  struct Peer {
    TcpControl control;
    Standing standing = Standing::member;
    std::uint64_t regroup_epoch = 0;  // the last that it came to,
    std::uint64_t regroup_state = 0;  // with this,
    Clock::time_point regroup_heard;  // as was heard then
    std::uint64_t view_epoch = 0;     // the last whose view it agreed to
    Membership view;
  };

  bool is_peer(int rank) const { return rank != rank_; }
  int first_peer(const std::function<bool(const Peer&)>& condition) const;  // -1: none
  void take(int rank, const TcpNotice& notice);
  void tell_members(const TcpNotice& notice);
  void wait(Clock::duration at_most);
  void throw_if_excluded() const;

  void come_to(std::uint64_t epoch);
  void agree_to(const Membership& view);
  bool has_agreed(int rank) const;
  bool all_have_agreed() const;
  bool must_start_anew() const;
  bool is_to_propose() const;
  Membership proposal() const;
  void enter_view();

  int rank_;
  int size_;
  double deadline_s_;
  Clock::duration deadline_;
  FileDescriptor epoll_;
  std::vector<Peer> peers_;  // [rank]
  std::uint64_t epoch_ = 0;
  bool excluded_ = false;
  int first_to_abort_ = -1;
  std::string why_aborted_;

  // A regrouping under way.
  std::uint64_t next_epoch_ = 0;
  std::uint64_t own_state_ = 0;
  Clock::time_point start_, agreed_at_;
  std::optional<Membership> agreed_;
};

}  // namespace optinc::collective
