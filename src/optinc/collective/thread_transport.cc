#include "optinc/collective/thread_transport.h"

#include <chrono>
#include <condition_variable>
#include <cstring>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

#include "optinc/base/error.h"
#include "optinc/collective/transport_error.h"

namespace optinc::collective {
namespace {

using Clock = std::chrono::steady_clock;

/// From one rank to another there is at most one message at a time, offered where it lies in the sender's memory.
struct Channel {
  enum class Phase { empty, offered, being_copied };
  Phase phase = Phase::empty;
  std::span<const std::byte> message;
};

}  // namespace

struct ThreadHub::State {
  ThreadTransportOptions options;
  int size;
  std::vector<std::unique_ptr<Rank>> ranks;

  std::mutex mutex;
  int first_to_abort = -1;                       // guarded by mutex
  std::vector<Channel> channels;                 // [from * size + to], guarded by mutex
  std::vector<std::condition_variable> changed;  // [rank]: something this rank may wait for

  Channel& channel(int from, int to) { return channels[static_cast<std::size_t>(from) * size + to]; }
};

class ThreadHub::Rank : public Transport {
 public:
  Rank(State& state, int rank) : state_(state), rank_(rank) {}
  int rank() const override { return rank_; }
  int size() const override { return state_.size; }

  void exchange(int to, std::span<const std::byte> sent, int from, std::span<std::byte> received) override {
    const Message sending{Message::Kind::send, rank_, size(), to, sent.size()};
    const Message receiving{Message::Kind::receive, rank_, size(), from, received.size()};
    if (!sent.empty()) check_peer(sending);
    if (!received.empty()) check_peer(receiving);
    const Clock::time_point deadline =
        Clock::now() + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(deadline_s()));

    std::unique_lock lock(state_.mutex);
    if (!sent.empty()) {
      if (state_.first_to_abort >= 0) throw_aborted(sending);
      state_.channel(rank_, to) = {Channel::Phase::offered, sent};
      state_.changed[to].notify_one();
    }
    try {
      if (!received.empty()) receive(lock, deadline, receiving, received);
      if (!sent.empty()) {
        const Channel& channel = state_.channel(rank_, to);
        wait(lock, deadline, sending, [&] { return channel.phase == Channel::Phase::empty; });
      }
    } catch (...) {
      if (!sent.empty()) retract(lock, to);
      throw;
    }
  }

  void abort() noexcept override {
    const std::lock_guard lock(state_.mutex);
    if (state_.first_to_abort < 0) state_.first_to_abort = rank_;
    for (std::condition_variable& changed : state_.changed) changed.notify_one();
  }

 private:
  double deadline_s() const { return state_.options.deadline_s; }

  [[noreturn]] void throw_aborted(const Message& message) const {
    throw base::RunError(fmt::format("{}: rank {} has failed", to_string(message), state_.first_to_abort));
  }

  template <typename Condition>
  void wait(std::unique_lock<std::mutex>& lock, Clock::time_point deadline, const Message& message,
            const Condition& condition) {
    const bool in_time =
        state_.changed[rank_].wait_until(lock, deadline, [&] { return condition() || state_.first_to_abort >= 0; });
    if (condition()) return;
    if (!in_time) throw_deadline(message, deadline_s());
    throw_aborted(message);
  }

  void receive(std::unique_lock<std::mutex>& lock, Clock::time_point deadline, const Message& message,
               std::span<std::byte> received) {
    Channel& channel = state_.channel(message.peer, rank_);
    wait(lock, deadline, message, [&] { return channel.phase == Channel::Phase::offered; });
    const std::size_t arrived = channel.message.size();
    if (arrived == received.size()) {
      channel.phase = Channel::Phase::being_copied;
      lock.unlock();
      std::memcpy(received.data(), channel.message.data(), received.size());
      lock.lock();
    }
    // A message of the wrong size is taken too: its sender has done nothing wrong and must not wait for us.
    channel.phase = Channel::Phase::empty;
    state_.changed[message.peer].notify_one();
    if (arrived != received.size()) throw_mismatch(message, arrived);
  }

  /// Takes an offered message back, whose memory the caller may free from now on.
  void retract(std::unique_lock<std::mutex>& lock, int to) {
    Channel& channel = state_.channel(rank_, to);
    state_.changed[rank_].wait(lock, [&] { return channel.phase != Channel::Phase::being_copied; });
    channel.phase = Channel::Phase::empty;
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

void run_ranks(int size, const ThreadTransportOptions& options, const std::function<void(Transport&)>& body) {
  ThreadHub hub(size, options);
  std::vector<std::exception_ptr> failures(size);
  {
    std::vector<std::jthread> threads;
    for (int rank = 0; rank < size; ++rank) {
      threads.emplace_back([&, rank] {
        try {
          body(hub.transport(rank));
        } catch (...) {
          failures[rank] = std::current_exception();
          hub.transport(rank).abort();
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

}  // namespace optinc::collective
