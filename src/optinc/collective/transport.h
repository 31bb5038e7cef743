// How ranks talk to each other: point to point, whole messages, with a deadline.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace optinc::collective {

/// A message to another rank, or to this rank itself.
struct Outgoing {
  int to;
  std::span<const std::byte> bytes;
};
/// Room for a message from another rank.
struct Incoming {
  int from;
  std::span<std::byte> bytes;
};

/// Who is left after a failure (Transport::regroup): the same at all of them.
struct Membership {
  std::vector<int> members;           ///< ranks, ascending
  std::vector<std::uint64_t> states;  ///< [member]: what that member gave
};

/// One rank's end. Messages between two ranks arrive in the order in which they were sent. Send and receive match in
/// size. One thread a rank at a time.
class Transport {
 public:
  virtual ~Transport() = default;
  virtual int rank() const = 0;
  virtual int size() const = 0;

  /// All of these messages, in and out, at the same time: returns when all have arrived and the memory of all that are
  /// sent may be used again. Of several to or from one rank, the order here is the order of the messages. Empty ones
  /// are left out. Throws TransportError that names rank, peer, operation and bytes when the deadline passes, when a
  /// peer has failed, or when the sizes do not match.
  virtual void exchange(std::span<const Outgoing> sent, std::span<const Incoming> received) = 0;

  /// One message out and one in.
  void exchange(int to, std::span<const std::byte> sent, int from, std::span<std::byte> received) {
    const Outgoing out{to, sent};
    const Incoming in{from, received};
    exchange({&out, sent.empty() ? 0u : 1u}, {&in, received.empty() ? 0u : 1u});
  }

  /// Tells the peers that this rank gives up and why, so that they fail at once instead of at their deadline.
  virtual void abort(const std::string& why) noexcept = 0;

  /// Whether regroup() works: whether the ranks that are left can go on without those that are not.
  virtual bool can_regroup() const { return false; }

  /// After an exchange has failed: drops all messages on their way and finds out who is still there. All ranks are
  /// called to it (their exchanges throw TransportError with Cause::regrouping); those that come within the deadline of
  /// the first are members from now on, the others are out for good (Cause::excluded) and messages to or from them
  /// fail. `state` is told to all members. Throws TransportError when this rank is out.
  virtual Membership regroup(std::uint64_t state);
};

}  // namespace optinc::collective
