// Ranks as processes of an MPI job. Its .cc is the only file of the project that knows MPI; built with OPTINC_WITH_MPI.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "optinc/collective/transport.h"

namespace optinc::collective {

/// Whether this process was started by mpirun (or another PMI launcher), with or without company.
bool started_by_mpi();
/// Whether somebody has called MPI_Init.
bool mpi_has_begun();

/// MPI from here to the end of the scope: MPI_Init_thread and MPI_Finalize, which are left out where a host program has
/// begun MPI itself. Once a process.
class MpiSession {
 public:
  MpiSession();
  /// When an exception passes, MPI_Abort in MPI_Finalize's place, which would wait for the other ranks.
  ~MpiSession();
  MpiSession(const MpiSession&) = delete;
  MpiSession& operator=(const MpiSession&) = delete;

 private:
  bool begun_here_ = false;
};

struct MpiTransportOptions {
  double deadline_s = 60;  ///< how long one exchange may take
  std::size_t part_bytes = std::size_t{1}
                           << 30;  ///< longer messages go in parts, since MPI counts in int: 1 .. INT_MAX
  /// Processes that give the same group are the ranks of one transport, in the order of their ranks in `parent`;
  /// several groups exchange side by side.
  int group = 0;
  /// The communicator that is split in groups, as a Fortran handle (MPI_Comm_c2f), which is an int in every MPI.
  /// Nothing: MPI_COMM_WORLD.
  std::optional<int> parent;
};

/// The processes of a group, over a communicator of its own; all of the parent's processes make it together, and the
/// group's destroy it together. After an error no exchange is possible any more: the message it was about may still be
/// on its way. A rank that dies takes the job with it: Open MPI's mpirun says which, and ends the others.
class MpiTransport : public Transport {
 public:
  /// Throws base::InputError for impossible options.
  explicit MpiTransport(const MpiSession& session, const MpiTransportOptions& options = {});
  ~MpiTransport() override;

  int rank() const override;
  int size() const override;
  /// While it waits it yields, then sleeps for moments: ranks may share a core.
  void exchange(std::span<const Outgoing> sent, std::span<const Incoming> received) override;
  using Transport::exchange;
  /// One line on standard error, then MPI_Abort: all ranks of the job end, mpirun with exit code 1.
  void abort(const std::string& why) noexcept override;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Runs `body` as this process's rank, as run_ranks does for threads. When it throws, all ranks of the job end, mpirun
/// with exit code 2 for a base::InputError and 1 for anything else, after the line "optinc: rank R of N: " + what it
/// says on standard error. Where all ranks throw the same, only rank 0 speaks.
void run_mpi_rank(const MpiSession& session, const MpiTransportOptions& options,
                  const std::function<void(Transport&)>& body);

}  // namespace optinc::collective
