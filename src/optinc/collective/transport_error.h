// What the transports say when a message fails: rank, peer, operation and bytes, in the same words for all of them.
#pragma once

#include <cstddef>

#include <fmt/format.h>

#include "optinc/base/error.h"

namespace optinc::collective {

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

[[noreturn]] inline void throw_deadline(const Message& message, double deadline_s) {
  throw base::RunError(fmt::format("{}: {} within {} s", to_string(message),
                                   message.kind == Message::Kind::send ? "not taken" : "nothing came", deadline_s));
}

/// `more`: a longer message came, of which only the first `arrived_bytes` are known.
[[noreturn]] inline void throw_mismatch(const Message& message, std::size_t arrived_bytes, bool more = false) {
  throw base::RunError(fmt::format("{}: {}{} bytes came", to_string(message), more ? "more than " : "", arrived_bytes));
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
