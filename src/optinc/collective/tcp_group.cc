#include "optinc/collective/tcp_group.h"

#include <poll.h>
#include <sys/epoll.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "optinc/base/error.h"

namespace optinc::collective {
namespace {

using Cause = TransportError::Cause;

bool same(const Membership& left, const Membership& right) {
  return left.members == right.members && left.states == right.states;
}

bool is_in(const Membership& membership, int rank) {
  return std::ranges::count(membership.members, rank) > 0;
}

}  // namespace

TcpGroup::TcpGroup(int rank, int size, double deadline_s, std::vector<FileDescriptor> controls)
    : rank_(rank),
      size_(size),
      deadline_s_(deadline_s),
      deadline_(std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(deadline_s))),
      epoll_(epoll_create1(EPOLL_CLOEXEC)) {
  if (!epoll_.is_open()) throw base::RunError(fmt::format("no epoll: {}", std::strerror(errno)));
  for (int peer = 0; peer < size; ++peer) {
    peers_.push_back({.control = TcpControl(std::move(controls[peer]))});
    if (!is_peer(peer)) continue;
    epoll_event event{.events = EPOLLIN, .data = {.u32 = static_cast<std::uint32_t>(peer)}};
    if (epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, peers_[peer].control.fd(), &event) != 0) {
      throw base::RunError(fmt::format("epoll: {}", std::strerror(errno)));
    }
  }
}

void TcpGroup::lost(int rank) {
  if (peers_[rank].standing == Standing::member) peers_[rank].standing = Standing::gone;
}

void TcpGroup::take(int rank, const TcpNotice& notice) {
  Peer& peer = peers_[rank];
  switch (notice.type) {
    case TcpNotice::Type::abort:
      if (first_to_abort_ < 0) {
        first_to_abort_ = rank;
        why_aborted_ = notice.text;
      }
      break;
    case TcpNotice::Type::regroup:
      peer.regroup_epoch = notice.epoch;
      peer.regroup_state = notice.state;
      peer.regroup_heard = Clock::now();
      break;
    case TcpNotice::Type::view:
      peer.view_epoch = notice.epoch;
      peer.view = notice.membership;
      if (notice.epoch > epoch_ && !is_in(notice.membership, rank_)) excluded_ = true;
      break;
    case TcpNotice::Type::goodbye:
      if (peer.standing == Standing::member) peer.standing = notice.state == 0 ? Standing::ended : Standing::left;
      break;
  }
}

void TcpGroup::read() {
  epoll_event events[16];
  int count = 0;
  do {
    count = epoll_wait(epoll_.get(), events, std::size(events), 0);
    for (int i = 0; i < count; ++i) {
      const int rank = static_cast<int>(events[i].data.u32);
      Peer& peer = peers_[rank];
      peer.control.receive([&](const TcpNotice& notice) { take(rank, notice); });
      if (!peer.control.ended()) continue;
      lost(rank);
      epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, peer.control.fd(), nullptr);
    }
  } while (count == static_cast<int>(std::size(events)));
}

void TcpGroup::throw_if_excluded() const {
  if (!excluded_) return;
  throw TransportError(Cause::excluded, rank_,
                       fmt::format("rank {} of {}: excluded: the others went on without this rank (they waited {} s)",
                                   rank_, size_, deadline_s_));
}

int TcpGroup::first_peer(const std::function<bool(const Peer&)>& condition) const {
  for (int rank = 0; rank < size_; ++rank) {
    if (is_peer(rank) && condition(peers_[rank])) return rank;
  }
  return -1;
}

void TcpGroup::throw_gone(int rank, const Message& message) const {
  const Standing ended = peers_[rank].standing;
  throw TransportError(Cause::gone, rank,
                       fmt::format("{}: rank {} is gone ({})", to_string(message), rank,
                                   ended == Standing::ended  ? "it has ended"
                                   : ended == Standing::left ? "it ended after a failure"
                                                             : "its connection closed"));
}

void TcpGroup::throw_if_failed(const std::function<Message(int peer)>& message) const {
  throw_if_excluded();
  if (first_to_abort_ >= 0) throw_given_up(message(first_to_abort_), first_to_abort_, why_aborted_);
  const int gone = first_peer([](const Peer& peer) { return peer.standing == Standing::gone; });
  if (gone >= 0) throw_gone(gone, message(gone));
  const int caller =
      first_peer([&](const Peer& peer) { return peer.standing == Standing::member && peer.regroup_epoch > epoch_; });
  if (caller >= 0) {
    throw TransportError(
        Cause::regrouping, caller,
        fmt::format("{}: rank {} found a failure and calls all ranks to regroup", to_string(message(caller)), caller));
  }
}

void TcpGroup::throw_if_left(const std::function<Message(int peer)>& message) const {
  const int left = first_peer([](const Peer& peer) { return peer.standing == Standing::left; });
  if (left >= 0) throw_gone(left, message(left));
}

void TcpGroup::tell_members(const TcpNotice& notice) {
  for (int rank = 0; rank < size_; ++rank) {
    if (is_peer(rank) && peers_[rank].standing == Standing::member) peers_[rank].control.send(notice);
  }
}

void TcpGroup::abort(const std::string& why) {
  if (first_to_abort_ >= 0) return;
  first_to_abort_ = rank_;
  why_aborted_ = why;
  tell_members({.type = TcpNotice::Type::abort, .text = why});
}

void TcpGroup::say_goodbye(bool failed) {
  tell_members({.type = TcpNotice::Type::goodbye, .state = failed ? 1u : 0u});
  for (Peer& peer : peers_) peer.control.end();
}

Membership TcpGroup::regroup(std::uint64_t state) {
  own_state_ = state;
  next_epoch_ = epoch_;
  while (true) {
    read();
    throw_if_excluded();
    if (agreed_ && all_have_agreed()) break;
    const bool anew = next_epoch_ == epoch_ || must_start_anew();
    std::uint64_t wanted = next_epoch_ + (anew ? 1 : 0);
    for (const Peer& peer : peers_) {
      // Once it has agreed, a rank leaves an epoch for reasons of its own only: a peer in a later one may have
      // returned.
      const bool calls = anew || !agreed_;
      if (calls && peer.standing == Standing::member) wanted = std::max(wanted, peer.regroup_epoch);
    }
    if (wanted > next_epoch_) {
      come_to(wanted);
      continue;
    }
    if (!agreed_) {
      const auto proposed =
          std::ranges::find_if(peers_, [&](const Peer& peer) { return peer.view_epoch == next_epoch_; });
      if (proposed != peers_.end()) {
        agree_to(proposed->view);
        continue;
      }
      if (is_to_propose()) {
        agree_to(proposal());
        continue;
      }
    }
    wait(std::chrono::milliseconds(20));
  }
  enter_view();
  return *std::exchange(agreed_, std::nullopt);
}

void TcpGroup::come_to(std::uint64_t epoch) {
  next_epoch_ = epoch;
  agreed_.reset();
  start_ = Clock::now();
  tell_members({.type = TcpNotice::Type::regroup, .epoch = epoch, .state = own_state_});
}

void TcpGroup::agree_to(const Membership& view) {
  agreed_ = view;
  agreed_at_ = Clock::now();
  tell_members({.type = TcpNotice::Type::view, .epoch = next_epoch_, .membership = view});
}

bool TcpGroup::has_agreed(int rank) const {
  return !is_peer(rank) || (peers_[rank].view_epoch == next_epoch_ && same(peers_[rank].view, *agreed_));
}

bool TcpGroup::all_have_agreed() const {
  return std::ranges::all_of(agreed_->members, [&](int rank) { return has_agreed(rank); });
}

bool TcpGroup::must_start_anew() const {
  if (!agreed_) return false;
  const bool late = Clock::now() > agreed_at_ + deadline_;
  return std::ranges::any_of(agreed_->members, [&](int rank) {
    if (has_agreed(rank)) return false;
    const Peer& peer = peers_[rank];
    return late || peer.standing != Standing::member || peer.view_epoch == next_epoch_ ||
           peer.regroup_epoch > next_epoch_;
  });
}

bool TcpGroup::is_to_propose() const {
  const Clock::time_point now = Clock::now();
  const bool late = now > start_ + deadline_;
  for (int rank = 0; rank < size_; ++rank) {
    const Peer& peer = peers_[rank];
    if (!is_peer(rank) || peer.standing != Standing::member) continue;
    const bool heard = peer.regroup_epoch == next_epoch_;
    if (!heard && !late) return false;
    if (heard && rank < rank_ && now < peer.regroup_heard + 2 * deadline_) return false;
  }
  return true;
}

Membership TcpGroup::proposal() const {
  Membership proposed{{rank_}, {own_state_}};
  for (int rank = rank_ + 1; rank < size_; ++rank) {
    const Peer& peer = peers_[rank];
    if (peer.standing != Standing::member || peer.regroup_epoch != next_epoch_) continue;
    proposed.members.push_back(rank);
    proposed.states.push_back(peer.regroup_state);
  }
  return proposed;
}

void TcpGroup::enter_view() {
  epoch_ = next_epoch_;
  for (int rank = 0; rank < size_; ++rank) {
    if (is_in(*agreed_, rank)) continue;
    Peer& peer = peers_[rank];
    if (peer.standing == Standing::out) continue;
    // Its connection stays open until the end, so that it can still read why it is out.
    epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, peer.control.fd(), nullptr);
    peer.standing = Standing::out;
    peer.control.end();
  }
  if (first_to_abort_ >= 0 && !is_in(*agreed_, first_to_abort_)) first_to_abort_ = -1;
}

void TcpGroup::wait(Clock::duration at_most) {
  for (Peer& peer : peers_) peer.control.flush();
  pollfd ready{epoll_.get(), POLLIN, 0};
  poll(&ready, 1, static_cast<int>(std::chrono::ceil<std::chrono::milliseconds>(at_most).count()));
}

}  // namespace optinc::collective
