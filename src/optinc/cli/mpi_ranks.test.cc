#include "optinc/cli/mpi_ranks.h"

#include <gtest/gtest.h>

#include "optinc/collective/thread_transport.h"

namespace optinc::cli {
namespace {

std::vector<std::byte> bytes_of_rank(int rank) {
  return {static_cast<std::size_t>(rank) * 100, static_cast<std::byte>(rank)};
}

TEST(MpiRanks, GatherBringsAllToRank0InOrder) {
  collective::run_ranks(3, {}, [](collective::Transport& transport) {
    const auto all = gather(&transport, bytes_of_rank(transport.rank()));
    if (transport.rank() > 0) {
      EXPECT_TRUE(all.empty());
    } else {
      EXPECT_EQ(all, (std::vector{bytes_of_rank(0), bytes_of_rank(1), bytes_of_rank(2)}));
    }
  });
}

TEST(MpiRanks, AloneWithoutMpirun) {
  run_over_mpi([](collective::Transport* transport) {
    EXPECT_EQ(transport, nullptr);
    EXPECT_EQ(rank_of(transport), 0);
    EXPECT_EQ(ranks_of(transport), 1);
    EXPECT_EQ(gather(transport, bytes_of_rank(1)), (std::vector<std::vector<std::byte>>{bytes_of_rank(1)}));
  });
}

}  // namespace
}  // namespace optinc::cli
