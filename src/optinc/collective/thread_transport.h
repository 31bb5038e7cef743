// Ranks as threads of one process.
#pragma once

#include <functional>
#include <memory>

#include "optinc/collective/transport.h"

namespace optinc::collective {

struct ThreadTransportOptions {
  double deadline_s = 60;  ///< how long one exchange may take
};

/// Where the ranks of a process meet. A message is copied once, from the sender's memory to the receiver's.
class ThreadHub {
 public:
  /// Throws base::InputError for size < 1 or an impossible deadline.
  explicit ThreadHub(int size, const ThreadTransportOptions& options = {});
  ~ThreadHub();

  /// The end of one rank, for the use of one thread at a time; it lives as long as the hub. It can regroup.
  Transport& transport(int rank);
  /// The rank that called abort() first; -1 if none did.
  int first_to_abort() const;
  /// From now on this rank takes no part, as if its process had died. Its own exchanges fail, too.
  void leave(int rank);

 private:
  struct State;
  class Rank;
  std::unique_ptr<State> state_;
};

/// Runs `body` as ranks 0 .. size - 1 of `hub`, each on a thread of its own, and returns when all have ended. When one
/// throws, the others fail in the exchange that they are in or at their next, and what the first one threw is thrown
/// again here; what a rank throws that has left, or that the others have excluded, is its own affair.
void run_ranks(ThreadHub& hub, int size, const std::function<void(Transport&)>& body);
/// The same, with a hub of its own.
void run_ranks(int size, const ThreadTransportOptions& options, const std::function<void(Transport&)>& body);

}  // namespace optinc::collective
