#include "optinc/collective/tcp_transport.h"

#include <poll.h>
#include <sched.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <exception>
#include <optional>
#include <utility>
#include <vector>

#include "optinc/base/error.h"
#include "optinc/collective/tcp_group.h"
#include "optinc/collective/tcp_rendezvous.h"
#include "optinc/collective/tcp_stream.h"
#include "optinc/collective/transport_error.h"

namespace optinc::collective {
namespace {

using Clock = std::chrono::steady_clock;
using Cause = TransportError::Cause;
using Standing = TcpGroup::Standing;

// How long an exchange tries again before it sleeps: longer than a message takes from one thread to another, shorter
// than what it costs to be woken matters.
constexpr Clock::duration kSpin = std::chrono::microseconds(50);
// While data flow, what is said about the group is looked at every so many moves.
constexpr int kMovesBetweenLooks = 64;

/// Messages of a rank to itself, in order.
struct OwnMessages {
  std::vector<std::span<const std::byte>> out;
  std::vector<std::span<std::byte>> in;
  std::size_t done = 0;

  void clear() {
    out.clear();
    in.clear();
    done = 0;
  }
};

}  // namespace

struct TcpTransport::State {
  int rank;
  int size;
  TcpTransportOptions options;
  std::optional<TcpGroup> group;
  std::vector<std::unique_ptr<TcpStream>> streams;  // [rank]; none for the own one
  OwnMessages own;
  bool failed = false;

  // The exchange under way.
  std::span<const Outgoing> sent;
  std::span<const Incoming> received;
  std::vector<int> active;  // peers with messages in it
  std::vector<pollfd> watched;

  Message sending(const Outgoing& message) const {
    return {Message::Kind::send, rank, size, message.to, message.bytes.size()};
  }
  Message receiving(const Incoming& message) const {
    return {Message::Kind::receive, rank, size, message.from, message.bytes.size()};
  }

  /// All messages that are not done, receives first.
  std::vector<Message> outstanding() const {
    std::vector<Message> messages;
    std::vector<std::size_t> of_peer(size);  // so far
    const auto done = [&](int peer, bool send) {
      if (peer == rank) return own.done;
      return send ? streams[peer]->sent() : streams[peer]->received();
    };
    for (const Incoming& each : received) {
      if (!each.bytes.empty() && ++of_peer[each.from] > done(each.from, false)) messages.push_back(receiving(each));
    }
    of_peer.assign(size, 0);
    for (const Outgoing& each : sent) {
      if (!each.bytes.empty() && ++of_peer[each.to] > done(each.to, true)) messages.push_back(sending(each));
    }
    return messages;
  }

  /// The one to speak of when `peer` fails.
  Message outstanding_with(int peer) const {
    const std::vector<Message> messages = outstanding();
    const auto with = std::ranges::find(messages, peer, &Message::peer);
    return with != messages.end() ? *with : messages.front();
  }

  void throw_if_failed() {
    const auto message = [&](int peer) { return outstanding_with(peer); };
    group->read();
    group->throw_if_failed(message);
    for (const int peer : active) {
      const TcpStream& stream = *streams[peer];
      const bool lost = (stream.receives() && stream.read_ended()) || (stream.sends() && stream.write_ended());
      if (!lost && !(stream.sends() && group->standing(peer) == Standing::ended)) continue;
      group->lost(peer);
      group->throw_gone(peer, outstanding_with(peer));
    }
    group->throw_if_left(message);
  }

  [[noreturn]] void throw_late() const {
    const std::vector<Message> late = outstanding();
    std::vector<int> others;
    for (const Message& message : late) {
      if (message.peer != late[0].peer && std::ranges::count(others, message.peer) == 0) others.push_back(message.peer);
    }
    if (others.empty()) throw_deadline(late[0], options.deadline_s);
    std::ranges::sort(others);
    throw_failed(Cause::deadline, late[0],
                 fmt::format("{} within {} s (also waiting for rank{} {})",
                             late[0].kind == Message::Kind::send ? "not taken" : "nothing came", options.deadline_s,
                             others.size() == 1 ? "" : "s", fmt::join(others, ", ")));
  }

  /// Throws base::InputError for a rank that does not exist, TransportError for one that is out.
  void check(const Message& message) const {
    check_peer(message);
    if (message.peer != rank && group->standing(message.peer) == Standing::out) {
      throw_failed(Cause::gone, message, "not one of the ranks that went on");
    }
  }

  void post() {
    active.clear();
    const auto stream_of = [&](int peer) -> TcpStream& {
      if (std::ranges::count(active, peer) == 0) active.push_back(peer);
      return *streams[peer];
    };
    for (const Outgoing& each : sent) {
      if (each.bytes.empty()) continue;
      if (each.to == rank) {
        own.out.push_back(each.bytes);
      } else {
        stream_of(each.to).post_send(each.bytes);
      }
    }
    for (const Incoming& each : received) {
      if (each.bytes.empty()) continue;
      if (each.from == rank) {
        own.in.push_back(each.bytes);
      } else {
        stream_of(each.from).post_receive(each.bytes);
      }
    }
  }

  void pass_own() {
    for (; own.done < std::min(own.out.size(), own.in.size()); ++own.done) {
      const std::span<const std::byte> from = own.out[own.done];
      const std::span<std::byte> to = own.in[own.done];
      if (from.size() != to.size()) throw_mismatch(receiving({rank, to}), from.size());
      std::memmove(to.data(), from.data(), from.size());
    }
  }

  /// Everything a step further. Whether anything moved.
  bool move() {
    bool moved = false;
    for (const int peer : active) {
      if (streams[peer]->send_some()) moved = true;
      if (streams[peer]->receive_some()) moved = true;
    }
    return moved;
  }

  bool done() const {
    return own.done == std::max(own.out.size(), own.in.size()) &&
           std::ranges::none_of(active, [&](int peer) { return streams[peer]->sends() || streams[peer]->receives(); });
  }

  void sleep_until(Clock::time_point deadline) {
    watched.assign(1, {group->fd(), POLLIN, 0});
    for (const int peer : active) {
      const TcpStream& stream = *streams[peer];
      const int events = (stream.wants_to_read() ? POLLIN : 0) | (stream.sends() ? POLLOUT : 0);
      if (events != 0) watched.push_back({stream.fd(), static_cast<short>(events), 0});
    }
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now()).count();
    poll(watched.data(), watched.size(), static_cast<int>(std::clamp<std::int64_t>(left, 0, 1000)));
  }

  void run() {
    const Clock::time_point start = Clock::now();
    const Clock::time_point deadline =
        start + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(options.deadline_s));
    Clock::time_point last_moved = start;
    int moves = 0;
    pass_own();
    while (true) {
      const bool moved = move();
      if (done()) return;
      const Clock::time_point now = Clock::now();
      if (moved) last_moved = now;
      if (!moved || ++moves % kMovesBetweenLooks == 0) throw_if_failed();
      if (now >= deadline) {
        throw_if_failed();  // the deadline of a rank that was stopped is not what is wrong with it
        throw_late();
      }
      if (moved) continue;
      if (now - last_moved < kSpin) {
        sched_yield();
      } else {
        sleep_until(deadline);
      }
    }
  }

  void forget(bool finished) {
    for (const int peer : active) finished ? streams[peer]->finish() : streams[peer]->drop();
    own.clear();
    active.clear();
    sent = {};
    received = {};
  }
};

TcpTransport::TcpTransport(Store& store, int rank, int size, const TcpTransportOptions& options)
    : state_(std::make_unique<State>()) {
  std::vector<TcpConnections> connections = connect_ranks(store, rank, size, options);
  state_->rank = rank;
  state_->size = size;
  state_->options = options;
  state_->streams.resize(size);
  std::vector<FileDescriptor> controls(size);
  for (int peer = 0; peer < size; ++peer) {
    controls[peer] = std::move(connections[peer].control);
    if (peer == rank) continue;
    state_->streams[peer] = std::make_unique<TcpStream>(rank, size, peer, std::move(connections[peer].data), options);
  }
  state_->group.emplace(rank, size, options.deadline_s, std::move(controls));
}

TcpTransport::~TcpTransport() {
  if (!state_->group) return;
  state_->group->say_goodbye(state_->failed || std::uncaught_exceptions() > 0);
  for (const auto& stream : state_->streams) {
    if (stream) stream->close();
  }
}

int TcpTransport::rank() const {
  return state_->rank;
}
int TcpTransport::size() const {
  return state_->size;
}

void TcpTransport::exchange(std::span<const Outgoing> sent, std::span<const Incoming> received) {
  State& state = *state_;
  bool any = false;
  for (const Incoming& each : received) {
    if (each.bytes.empty()) continue;
    state.check(state.receiving(each));
    any = true;
  }
  for (const Outgoing& each : sent) {
    if (each.bytes.empty()) continue;
    state.check(state.sending(each));
    any = true;
  }
  if (!any) return;

  const bool failed_before = std::exchange(state.failed, true);  // until it is done
  state.sent = sent;
  state.received = received;
  try {
    state.throw_if_failed();
    if (failed_before) throw_failed(Cause::broken, state.outstanding().front(), "an earlier exchange failed");
    state.post();
    state.run();
  } catch (...) {
    state.forget(/*finished=*/false);
    throw;
  }
  state.forget(/*finished=*/true);
  state.failed = false;
}

void TcpTransport::abort(const std::string& why) noexcept {
  try {
    state_->group->abort(why);
  } catch (...) {  // no memory for the words: the peers have their deadline
    state_->failed = true;
  }
}

Membership TcpTransport::regroup(std::uint64_t own_state) {
  State& state = *state_;
  state.failed = true;
  Membership membership = state.group->regroup(own_state);
  for (int peer = 0; peer < state.size; ++peer) {
    if (peer == state.rank) continue;
    if (state.group->standing(peer) == Standing::out) {
      state.streams[peer]->close();
    } else {
      state.streams[peer]->begin_epoch(state.group->epoch());
    }
  }
  state.failed = false;
  return membership;
}

}  // namespace optinc::collective
