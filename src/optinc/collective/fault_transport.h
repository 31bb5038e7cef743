// Faults on purpose, over any transport: to see what is told, to whom, and how soon.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "optinc/collective/transport.h"

namespace optinc::collective {

/// Something that goes wrong at one rank. Written KIND:RANK[:SECONDS][@EXCHANGE].
struct Fault {
  enum class Kind {
    dead,    ///< the rank ends, as by kill -9
    stop,    ///< its process stops, as by kill -STOP, for `seconds` (threads: it sleeps)
    slow,    ///< it comes `seconds` late
    corrupt  ///< a bit of a message that it receives is flipped
  };
  Kind kind = Kind::dead;
  int rank = 0;
  double seconds = 0;          ///< of stop and slow
  std::uint64_t exchange = 1;  ///< in which exchange of that rank, from 1
};

/// "dead:2@100", "stop:1:5@100", "slow:1:0.5", "corrupt:3@7". Throws base::InputError that says what is expected.
Fault parse_fault(std::string_view text);
std::string to_string(const Fault& fault);

/// What a rank does to end or to stop: for processes a signal to itself, for threads something else.
struct FaultActions {
  std::function<void()> die;
  std::function<void(double seconds)> stop;
};

/// SIGKILL to this process; a child that wakes it after SIGSTOP.
FaultActions process_fault_actions();

/// Passes messages on, and does what is planned for this rank. `transport` must live as long as this.
class FaultTransport : public Transport {
 public:
  FaultTransport(Transport& transport, const std::vector<Fault>& faults, FaultActions actions);

  int rank() const override { return transport_.rank(); }
  int size() const override { return transport_.size(); }
  void exchange(std::span<const Outgoing> sent, std::span<const Incoming> received) override;
  using Transport::exchange;
  void abort(const std::string& why) noexcept override { transport_.abort(why); }
  bool can_regroup() const override { return transport_.can_regroup(); }
  Membership regroup(std::uint64_t state) override { return transport_.regroup(state); }

 private:
  Transport& transport_;
  std::vector<Fault> faults_;  // this rank's
  FaultActions actions_;
  std::uint64_t exchanges_ = 0;
};

}  // namespace optinc::collective
