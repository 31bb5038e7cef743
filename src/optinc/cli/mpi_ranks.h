// A verb's work shared out over the processes of mpirun, with the answer at rank 0.
#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <vector>

#include "optinc/collective/transport.h"

namespace optinc::cli {

/// Calls `body` with the other processes' transport where mpirun started this one, else with null.
void run_over_mpi(const std::function<void(collective::Transport*)>& body);

/// This process's rank, and how many there are; 0 and 1 where `transport` is null.
int rank_of(const collective::Transport* transport);
int ranks_of(const collective::Transport* transport);

/// What each rank gives, at rank 0 in the order of ranks; at the others nothing.
std::vector<std::vector<std::byte>> gather(collective::Transport* transport, std::span<const std::byte> mine);

/// Rank 0's bytes, at every rank.
std::vector<std::byte> broadcast(collective::Transport* transport, std::span<const std::byte> from_rank_0);

}  // namespace optinc::cli
