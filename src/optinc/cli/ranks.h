// A verb's work as several ranks: threads of this process, processes that this one starts, or those of mpirun.
#pragma once

#include <filesystem>
#include <functional>
#include <string>

#include "optinc/cli/command.h"
#include "optinc/collective/fault_transport.h"
#include "optinc/collective/transport.h"

namespace optinc::cli {

struct RankOptions {
  std::string transport = "auto";  ///< auto | threads | tcp | mpi; auto: mpi where mpirun started us, else threads
  int ranks = 4;                   ///< of threads and tcp; mpirun has its own number
  double deadline_s = 60;          ///< that one exchange may take
};

/// Adds --transport, --ranks and --deadline.
void add_rank_flags(CLI::App& verb, RankOptions& options);

/// "threads", "tcp" or "mpi". Throws base::InputError for another name, and for mpi without mpirun.
std::string transport_of(const RankOptions& options);

/// One rank, as the body of a verb sees it.
struct Rank {
  collective::Transport& transport;
  collective::FaultActions actions;  ///< what it means for this rank to die and to stop
};

/// Calls `body` for every rank, in the process of that rank, and returns when all have ended.
///   threads  what a rank throws is thrown here.
///   mpi      what a rank throws ends all (collective/mpi_transport.h).
///   tcp      this process starts the program again with the same arguments, once a rank, and tells on context.err how
///            each rank ended if one did not end well; context.exit_code is then the first rank's that failed. Only the
///            processes of the ranks call `body`: there its exceptions are told by the program as ever, and the other
///            ranks are told at once.
void run_as_ranks(const RankOptions& options, Context& context, const std::function<void(const Rank&)>& body);

}  // namespace optinc::cli
