#include "optinc/cli/mpi_ranks.h"

#include <cstdint>

#ifdef OPTINC_WITH_MPI
#include "optinc/collective/mpi_transport.h"
#endif

namespace optinc::cli {

void run_over_mpi(const std::function<void(collective::Transport*)>& body) {
#ifdef OPTINC_WITH_MPI
  if (collective::started_by_mpi()) {
    const collective::MpiSession session;
    // Rank 0 waits for the slowest share. A rank that fails ends all at once, without the deadline.
    constexpr double kWeek = 7 * 24 * 3600;
    collective::run_mpi_rank(session, {.deadline_s = kWeek},
                             [&](collective::Transport& transport) { body(&transport); });
    return;
  }
#endif
  body(nullptr);
}

int rank_of(const collective::Transport* transport) {
  return transport == nullptr ? 0 : transport->rank();
}

int ranks_of(const collective::Transport* transport) {
  return transport == nullptr ? 1 : transport->size();
}

std::vector<std::vector<std::byte>> gather(collective::Transport* transport, std::span<const std::byte> mine) {
  constexpr int kNobody = -1;
  if (rank_of(transport) > 0) {
    const std::uint64_t size = mine.size();
    transport->exchange(0, std::as_bytes(std::span(&size, 1)), kNobody, {});
    transport->exchange(0, mine, kNobody, {});
    return {};
  }
  std::vector<std::vector<std::byte>> all{{mine.begin(), mine.end()}};
  for (int rank = 1; rank < ranks_of(transport); ++rank) {
    std::uint64_t size = 0;
    transport->exchange(kNobody, {}, rank, std::as_writable_bytes(std::span(&size, 1)));
    transport->exchange(kNobody, {}, rank, all.emplace_back(size));
  }
  return all;
}

std::vector<std::byte> broadcast(collective::Transport* transport, std::span<const std::byte> from_rank_0) {
  constexpr int kNobody = -1;
  if (rank_of(transport) > 0) {
    std::uint64_t size = 0;
    transport->exchange(kNobody, {}, 0, std::as_writable_bytes(std::span(&size, 1)));
    std::vector<std::byte> bytes(size);
    transport->exchange(kNobody, {}, 0, bytes);
    return bytes;
  }
  for (int rank = 1; rank < ranks_of(transport); ++rank) {
    const std::uint64_t size = from_rank_0.size();
    transport->exchange(rank, std::as_bytes(std::span(&size, 1)), kNobody, {});
    transport->exchange(rank, from_rank_0, kNobody, {});
  }
  return {from_rank_0.begin(), from_rank_0.end()};
}

}  // namespace optinc::cli
