// The ranks of one process group and the optics between them: transport, fabric, all-reduce, and what they have done.
#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "optinc/backend/settings.h"
#include "optinc/collective/all_reduce.h"
#include "optinc/collective/store.h"
#include "optinc/collective/tcp_transport.h"

namespace optinc::backend {

struct GroupStats {
  collective::AllReduceStats last;  ///< of the last all-reduce that succeeded
  std::uint64_t calls = 0;          ///< all-reduces that succeeded; the sums that follow are over them
  std::uint64_t payload_bytes = 0;
  std::uint64_t wire_bytes = 0;
  std::uint64_t non_finite_blocks = 0;
  std::uint64_t fell_back = 0;  ///< calls that the ring did
  std::uint64_t faults = 0;     ///< failures survived
  double seconds = 0;
  std::string last_fault;    ///< what the last of them was
  std::vector<int> members;  ///< ranks that take part
  std::string failure;       ///< why nothing works any more; empty: all is well
};

class OpticalGroup {
 public:
  /// All ranks of the group make it together and find each other by `store`, which must live as long as this. Throws
  /// TransportError when one does not come, and as make_optics does.
  OpticalGroup(collective::Store& store, int rank, int size, const Settings& settings);

  /// From one thread at a time, in the same order at all ranks. `first_element` is the place of the tensor in the
  /// random streams. After a failure, which the other ranks are told, this call and all that follow throw
  /// base::RunError with the same text.
  void all_reduce(const collective::Tensor& tensor, collective::ReduceOp op, std::uint64_t first_element,
                  std::span<float> residual);

  /// Returns when all ranks have come here; throws as all_reduce does. (It is an all-reduce of one zero.)
  void barrier();

  /// Says goodbye to the other ranks. All that follows fails.
  void close();

  /// From any thread.
  GroupStats stats() const;
  std::string failure() const;
  const std::string& description() const { return optics_.description; }

 private:
  collective::AllReduceStats run(const collective::Tensor& tensor, const collective::ReduceCall& call);
  void fail(const std::string& why);
  void note_fault(const std::string& line);

  int rank_;
  int size_;
  Optics optics_;
  std::optional<collective::TcpTransport> transport_;
  std::optional<collective::OpticalAllReduce> all_reduce_;
  mutable std::mutex mutex_;  // of stats_
  GroupStats stats_;
};

}  // namespace optinc::backend
