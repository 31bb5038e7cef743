#include "optinc/collective/thread_transport.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstring>
#include <deque>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

#include "optinc/base/error.h"
#include "optinc/collective/transport_error.h"

namespace optinc::collective {
namespace {

using Clock = std::chrono::steady_clock;
using Cause = TransportError::Cause;

/// A message, offered where it lies in the sender's memory.
struct Offer {
  std::span<const std::byte> bytes;
  bool being_copied = false;
  bool taken = false;
};

enum class Standing { member, gone, excluded };

}  // namespace

struct ThreadHub::State {
  ThreadTransportOptions options;
  int size = 0;
  std::vector<std::unique_ptr<Rank>> ranks;

  std::mutex mutex;                              // guards all that follows
  std::vector<std::condition_variable> changed;  // [rank]: something this rank may wait for
  std::vector<std::deque<Offer*>> channels;      // [from * size + to]: in the order of the messages
  int first_to_abort = -1;
  std::string why_aborted;
  std::vector<Standing> standing;  // [rank]

  // A regrouping under way: who has come to it, and when the wait for the others ends.
  bool regrouping = false;
  int called_by = -1;
  Clock::time_point regroup_deadline;
  std::vector<bool> has_come;  // [rank]
  std::vector<std::uint64_t> states;
  Membership membership;          // of the last regrouping that is over
  std::uint64_t regroupings = 0;  // that are over

  std::deque<Offer*>& channel(int from, int to) { return channels[static_cast<std::size_t>(from) * size + to]; }

  void wake_all() {
    for (std::condition_variable& each : changed) each.notify_all();
  }

  bool all_have_come() const {
    for (int rank = 0; rank < size; ++rank) {
      if (standing[rank] == Standing::member && !has_come[rank]) return false;
    }
    return true;
  }

  void end_regrouping() {
    membership = {};
    for (int rank = 0; rank < size; ++rank) {
      if (standing[rank] == Standing::member && has_come[rank]) {
        membership.members.push_back(rank);
        membership.states.push_back(states[rank]);
      } else if (standing[rank] == Standing::member) {
        standing[rank] = Standing::excluded;
      }
    }
    // Those who have gone are no members of the new group, and no reason for its exchanges to fail.
    std::ranges::replace(standing, Standing::gone, Standing::excluded);
    regrouping = false;
    ++regroupings;
    wake_all();
  }
};

class ThreadHub::Rank : public Transport {
 public:
  Rank(State& state, int rank) : state_(state), rank_(rank) {}
  int rank() const override { return rank_; }
  int size() const override { return state_.size; }
  bool can_regroup() const override { return true; }

  void exchange(std::span<const Outgoing> sent, std::span<const Incoming> received) override {
    for (const Outgoing& message : sent) {
      if (!message.bytes.empty()) check_peer(sending(message));
    }
    for (const Incoming& message : received) {
      if (!message.bytes.empty()) check_peer(receiving(message));
    }
    const Clock::time_point deadline = after_deadline();
    std::vector<Offer> offers(sent.size());

    std::unique_lock lock(state_.mutex);
    try {
      for (std::size_t i = 0; i < sent.size(); ++i) {
        if (sent[i].bytes.empty()) continue;
        throw_if_failed(sending(sent[i]));
        offers[i].bytes = sent[i].bytes;
        state_.channel(rank_, sent[i].to).push_back(&offers[i]);
        state_.changed[sent[i].to].notify_all();
      }
      for (const Incoming& message : received) {
        if (!message.bytes.empty()) receive(lock, deadline, message);
      }
      for (std::size_t i = 0; i < sent.size(); ++i) {
        if (!sent[i].bytes.empty()) wait(lock, deadline, sending(sent[i]), [&] { return offers[i].taken; });
      }
    } catch (...) {
      retract(lock, sent, offers);
      throw;
    }
  }
  using Transport::exchange;

  void abort(const std::string& why) noexcept override {
    const std::lock_guard lock(state_.mutex);
    if (state_.first_to_abort < 0) {
      state_.first_to_abort = rank_;
      state_.why_aborted = why;
    }
    state_.wake_all();
  }

  Membership regroup(std::uint64_t own_state) override {
    std::unique_lock lock(state_.mutex);
    throw_if_out();
    if (!state_.regrouping) {
      state_.regrouping = true;
      state_.called_by = rank_;
      state_.regroup_deadline = after_deadline();
      state_.has_come.assign(state_.size, false);
      state_.states.assign(state_.size, 0);
    }
    state_.has_come[rank_] = true;
    state_.states[rank_] = own_state;
    state_.wake_all();
    const std::uint64_t before = state_.regroupings;
    while (state_.regroupings == before) {
      const bool late = Clock::now() >= state_.regroup_deadline;
      if (late || state_.all_have_come()) {
        state_.end_regrouping();
      } else {
        state_.changed[rank_].wait_until(lock, state_.regroup_deadline);
      }
    }
    return state_.membership;
  }

 private:
  Message sending(const Outgoing& message) const {
    return {Message::Kind::send, rank_, state_.size, message.to, message.bytes.size()};
  }
  Message receiving(const Incoming& message) const {
    return {Message::Kind::receive, rank_, state_.size, message.from, message.bytes.size()};
  }
  Clock::time_point after_deadline() const {
    return Clock::now() +
           std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(state_.options.deadline_s));
  }

  void throw_if_out() const {
    if (state_.standing[rank_] == Standing::excluded) {
      throw TransportError(
          Cause::excluded, rank_,
          fmt::format("rank {} of {}: excluded: the others went on without this rank (they waited {} s)", rank_,
                      state_.size, state_.options.deadline_s));
    }
    if (state_.standing[rank_] == Standing::gone) {
      throw TransportError(Cause::gone, rank_, fmt::format("rank {} of {}: has left", rank_, state_.size));
    }
  }

  /// Whether no wait can succeed any more.
  bool failed() const {
    return state_.first_to_abort >= 0 || state_.regrouping || state_.standing[rank_] != Standing::member ||
           std::ranges::count(state_.standing, Standing::gone) > 0;
  }

  void throw_if_failed(const Message& message) const {
    throw_if_out();
    if (state_.first_to_abort >= 0) throw_given_up(message, state_.first_to_abort, state_.why_aborted);
    if (state_.regrouping) {
      throw_failed(Cause::regrouping, message,
                   fmt::format("rank {} found a failure and calls all ranks to regroup", state_.called_by));
    }
    for (int rank = 0; rank < state_.size; ++rank) {
      if (state_.standing[rank] == Standing::gone) {
        throw TransportError(Cause::gone, rank, fmt::format("{}: rank {} is gone", to_string(message), rank));
      }
    }
    if (state_.standing[message.peer] != Standing::member) {
      throw_failed(Cause::gone, message, "not one of the ranks that went on");
    }
  }

  template <typename Condition>
  void wait(std::unique_lock<std::mutex>& lock, Clock::time_point deadline, const Message& message,
            const Condition& condition) {
    const bool in_time = state_.changed[rank_].wait_until(lock, deadline, [&] { return condition() || failed(); });
    if (condition()) return;
    if (!in_time) throw_deadline(message, state_.options.deadline_s);
    throw_if_failed(message);
  }

  void receive(std::unique_lock<std::mutex>& lock, Clock::time_point deadline, const Incoming& incoming) {
    std::deque<Offer*>& channel = state_.channel(incoming.from, rank_);
    throw_if_failed(receiving(incoming));
    wait(lock, deadline, receiving(incoming), [&] { return !channel.empty(); });
    Offer& offer = *channel.front();
    channel.pop_front();
    const std::size_t arrived = offer.bytes.size();
    if (arrived == incoming.bytes.size()) {
      offer.being_copied = true;
      lock.unlock();
      std::memcpy(incoming.bytes.data(), offer.bytes.data(), arrived);
      lock.lock();
      offer.being_copied = false;
    }
    // A message of the wrong size is taken too: its sender has done nothing wrong and must not wait for us.
    offer.taken = true;
    state_.changed[incoming.from].notify_all();
    if (arrived != incoming.bytes.size()) throw_mismatch(receiving(incoming), arrived);
  }

  /// Takes offered messages back, whose memory the caller may free from now on.
  void retract(std::unique_lock<std::mutex>& lock, std::span<const Outgoing> sent, std::vector<Offer>& offers) {
    for (std::size_t i = 0; i < sent.size(); ++i) {
      if (offers[i].bytes.empty()) continue;
      state_.changed[rank_].wait(lock, [&] { return !offers[i].being_copied; });
      std::erase(state_.channel(rank_, sent[i].to), &offers[i]);
    }
  }

  State& state_;
  int rank_;
};

ThreadHub::ThreadHub(int size, const ThreadTransportOptions& options) : state_(std::make_unique<State>()) {
  base::require(size >= 1, "{} ranks: expected at least 1", size);
  check_deadline(options.deadline_s);
  state_->options = options;
  state_->size = size;
  state_->channels.resize(static_cast<std::size_t>(size) * size);
  state_->changed = std::vector<std::condition_variable>(size);
  state_->standing.assign(size, Standing::member);
  for (int rank = 0; rank < size; ++rank) state_->ranks.push_back(std::make_unique<Rank>(*state_, rank));
}

ThreadHub::~ThreadHub() = default;

Transport& ThreadHub::transport(int rank) {
  return *state_->ranks.at(rank);
}

int ThreadHub::first_to_abort() const {
  const std::lock_guard lock(state_->mutex);
  return state_->first_to_abort;
}

void ThreadHub::leave(int rank) {
  const std::lock_guard lock(state_->mutex);
  if (state_->standing.at(rank) == Standing::member) state_->standing[rank] = Standing::gone;
  state_->wake_all();
}

void run_ranks(ThreadHub& hub, int size, const std::function<void(Transport&)>& body) {
  std::vector<std::exception_ptr> failures(size);
  {
    std::vector<std::jthread> threads;
    for (int rank = 0; rank < size; ++rank) {
      threads.emplace_back([&, rank] {
        Transport& transport = hub.transport(rank);
        try {
          body(transport);
        } catch (const TransportError& error) {
          const bool out = error.peer() == rank && (error.cause() == Cause::gone || error.cause() == Cause::excluded);
          if (out) return;
          failures[rank] = std::current_exception();
          transport.abort(error.what());
        } catch (const std::exception& error) {
          failures[rank] = std::current_exception();
          transport.abort(error.what());
        } catch (...) {
          failures[rank] = std::current_exception();
          transport.abort("for an unknown reason");
        }
      });
    }
  }
  if (hub.first_to_abort() < 0) return;
  // Whoever failed later may only have failed because of this one.
  if (failures[hub.first_to_abort()]) std::rethrow_exception(failures[hub.first_to_abort()]);
  for (const std::exception_ptr& failure : failures) {
    if (failure) std::rethrow_exception(failure);
  }
}

void run_ranks(int size, const ThreadTransportOptions& options, const std::function<void(Transport&)>& body) {
  ThreadHub hub(size, options);
  run_ranks(hub, size, body);
}

}  // namespace optinc::collective
