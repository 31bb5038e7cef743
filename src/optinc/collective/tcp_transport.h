// Ranks as processes (or threads) joined by TCP, without MPI: the ones that are left can go on without one that has
// died.
//
// Two connections a pair: one for data (tcp_stream.h), one for what is said about the group (tcp_group.h). All happens
// within the calls; there is no thread behind them. An exchange moves all its messages together, so that no order of
// sends and receives can lock ranks up; a send is over when the system has taken the bytes, which may be before the
// peer has asked for them.
#pragma once

#include <memory>

#include "optinc/collective/store.h"
#include "optinc/collective/tcp_options.h"
#include "optinc/collective/transport.h"

namespace optinc::collective {

/// After an error no exchange is possible until regroup(). A peer that has died fails every exchange that has to wait,
/// at once, since a collective can't end without it; one that has been destroyed in an orderly way fails those that
/// need it. abort() is heard at the next exchange that waits or begins, and holds until the rank that called it is out.
///
/// Fork-safe: a child of this process holds none of the connections; its copy can only be destroyed.
class TcpTransport : public Transport {
 public:
  /// Returns when all ranks are connected. All give the same store, size and options but for the address. Throws
  /// base::InputError for impossible options, TransportError that names the ranks that have not come in time.
  TcpTransport(Store& store, int rank, int size, const TcpTransportOptions& options = {});
  /// Says goodbye: after a failure, or when an exception passes, the peers' exchanges fail at once.
  ~TcpTransport() override;

  int rank() const override;
  int size() const override;
  /// Waits for some moments by trying and yielding, since an answer may be near, then sleeps: ranks may share a core.
  void exchange(std::span<const Outgoing> sent, std::span<const Incoming> received) override;
  using Transport::exchange;
  void abort(const std::string& why) noexcept override;
  bool can_regroup() const override { return true; }
  /// Takes at most the deadline for every rank that does not come, and as much again for every one that ends meanwhile.
  Membership regroup(std::uint64_t state) override;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace optinc::collective
