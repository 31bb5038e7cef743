// What the transports say when a message fails: rank, peer, operation and bytes, in the same words for all of them.
#pragma once

#include <cstddef>
#include <string>

#include <fmt/format.h>

#include "optinc/base/error.h"

namespace optinc::collective {

/// A message that failed.
class TransportError : public base::RunError {
 public:
  enum class Cause {
    deadline,    ///< the peer did not take it, or nothing came, in time
    gone,        ///< the peer has ended, or its connection has
    given_up,    ///< a rank called abort()
    regrouping,  ///< a rank called regroup()
    excluded,    ///< the others go on without this rank
    mismatch,    ///< a message of another size came
    corrupted,   ///< what came is not what was sent
    broken       ///< the library underneath failed, or an earlier exchange did
  };
  /// `peer`: the rank to blame; -1 where that is not known. `says_how_far`: whether `what` tells how far the all-reduce
  /// got.
  TransportError(Cause cause, int peer, const std::string& what, bool says_how_far = false)
      : RunError(what), cause_(cause), peer_(peer), says_how_far_(says_how_far) {}
  Cause cause() const { return cause_; }
  int peer() const { return peer_; }
  bool says_how_far() const { return says_how_far_; }

 private:
  Cause cause_;
  int peer_;
  bool says_how_far_;
};

/// One half of an exchange, as a rank sees it.
struct Message {
  enum class Kind { send, receive };
  Kind kind;
  int rank;
  int size;
  int peer;
  std::size_t bytes;
};

inline std::string to_string(const Message& message) {
  return message.kind == Message::Kind::send ? fmt::format("rank {} of {}: send of {} bytes to rank {}", message.rank,
                                                           message.size, message.bytes, message.peer)
                                             : fmt::format("rank {} of {}: receive of {} bytes from rank {}",
                                                           message.rank, message.size, message.bytes, message.peer);
}

[[noreturn]] inline void throw_failed(TransportError::Cause cause, const Message& message, const std::string& what) {
  throw TransportError(cause, message.peer, fmt::format("{}: {}", to_string(message), what));
}

[[noreturn]] inline void throw_deadline(const Message& message, double deadline_s) {
  throw_failed(
      TransportError::Cause::deadline, message,
      fmt::format("{} within {} s", message.kind == Message::Kind::send ? "not taken" : "nothing came", deadline_s));
}

/// `by`: the rank that gave up.
[[noreturn]] inline void throw_given_up(const Message& message, int by, const std::string& why) {
  throw TransportError(TransportError::Cause::given_up, by,
                       fmt::format("{}: rank {} has given up: {}", to_string(message), by, why));
}

/// `more`: a longer message came, of which only the first `arrived_bytes` are known.
[[noreturn]] inline void throw_mismatch(const Message& message, std::size_t arrived_bytes, bool more = false) {
  throw_failed(TransportError::Cause::mismatch, message,
               fmt::format("{}{} bytes came", more ? "more than " : "", arrived_bytes));
}

/// Throws base::InputError unless the peer exists.
inline void check_peer(const Message& message) {
  base::require(message.peer >= 0 && message.peer < message.size, "{}: there is no such rank", to_string(message));
}

/// Throws base::InputError unless a deadline can be waited for.
inline void check_deadline(double deadline_s) {
  base::require(deadline_s > 0 && deadline_s <= 1e6, "a deadline of {} s: expected more than 0, at most 1e6",
                deadline_s);
}

}  // namespace optinc::collective
