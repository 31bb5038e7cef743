// How ranks talk to each other: point to point, whole messages, with a deadline.
#pragma once

#include <cstddef>
#include <span>

namespace optinc::collective {

/// One rank's end. Messages between two ranks arrive in the order in which they were sent. Send and receive match in
/// size. One thread a rank.
class Transport {
 public:
  virtual ~Transport() = default;
  virtual int rank() const = 0;
  virtual int size() const = 0;

  /// Sends to one rank and receives from another at the same time (they may be the same, even this rank itself). An
  /// empty span sends or receives nothing. Throws base::RunError that names rank, peer, operation and bytes when the
  /// deadline passes, when a peer has failed, or when the sizes do not match.
  virtual void exchange(int to, std::span<const std::byte> sent, int from, std::span<std::byte> received) = 0;

  /// Tells the peers that this rank gives up, so that they fail at once instead of at their deadline.
  virtual void abort() noexcept = 0;
};

}  // namespace optinc::collective
