#include "optinc/collective/tcp_transport.h"

#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "optinc/base/random.h"
#include "optinc/collective/tcp_testing.h"

namespace optinc::collective {
namespace {

using testing::HasSubstr;
using Cause = TransportError::Cause;
using std::chrono::milliseconds;

RC_GTEST_PROP(TcpTransport, MessagesOfAnySizeGoToTheirRanksInOrder, ()) {
  const int size = *rc::gen::inRange(2, 5);
  const auto seed = *rc::gen::inRange<std::uint64_t>(0, 1000);
  // Message n from rank a to rank b, the same at both ends.
  const auto length = [=](int a, int b, int n) {
    return base::CounterStream(seed, a * 16 + b).word(n) % (n % 3 == 0 ? 300'000 : 50);
  };
  const auto errors = run_tcp_ranks(size, {.deadline_s = 30}, [&](TcpTransport& transport) {
    const int rank = transport.rank();
    for (int round = 0; round < 3; ++round) {
      std::vector<Bytes> sent, received;
      for (int n = 0; n < 2; ++n) {
        for (int peer = 0; peer < size; ++peer) {
          sent.push_back(bytes_of(length(rank, peer, 2 * round + n), rank + 16 * n));
          received.emplace_back(length(peer, rank, 2 * round + n));
        }
      }
      std::vector<Outgoing> out;
      std::vector<Incoming> in;
      for (int i = 0; i < 2 * size; ++i) {
        out.push_back({i % size, sent[i]});
        in.push_back({i % size, received[i]});
      }
      transport.exchange(out, in);
      for (int i = 0; i < 2 * size; ++i) {
        EXPECT_EQ(received[i], bytes_of(received[i].size(), i % size + 16 * (i / size)));
      }
    }
  });
  for (const std::string& error : errors) RC_ASSERT(error.empty());
}

TEST(TcpTransport, LargeMessagesBothWaysDoNotLockUp) {
  const auto errors = run_tcp_ranks(2, {.deadline_s = 60}, [](TcpTransport& transport) {
    const int other = 1 - transport.rank();
    const Bytes sent = bytes_of(16 << 20, transport.rank() + 1);
    Bytes received(sent.size());
    transport.exchange(other, sent, other, received);
    EXPECT_EQ(received, bytes_of(sent.size(), other + 1));
  });
  EXPECT_EQ(errors, std::vector<std::string>(2));
}

TEST(TcpTransport, ADeadlineNamesRankPeerOperationAndBytes) {
  const auto errors = run_tcp_ranks(3, {.deadline_s = 0.5}, [](TcpTransport& transport) {
    Bytes received(12);
    if (transport.rank() == 0) transport.exchange(-1, {}, 2, received);
    std::this_thread::sleep_for(std::chrono::seconds(1));
  });
  EXPECT_EQ(errors[0], "rank 0 of 3: receive of 12 bytes from rank 2: nothing came within 0.5 s");
}

TEST(TcpTransport, TellsAMessageOfTheWrongSizeAndWhoGivesUp) {
  const auto errors = run_tcp_ranks(2, {.deadline_s = 20}, [](TcpTransport& transport) {
    Bytes received(8);
    try {
      if (transport.rank() == 0) transport.exchange(1, bytes_of(5, 1), 1, received);
      if (transport.rank() == 1) transport.exchange(-1, {}, 0, received);
    } catch (const std::exception& error) {
      transport.abort(error.what());
      throw;
    }
  });
  EXPECT_THAT(errors[1], HasSubstr("rank 1 of 2: receive of 8 bytes from rank 0: 5 bytes came"));
  EXPECT_THAT(errors[0], HasSubstr("rank 1 has given up: rank 1 of 2: receive of 8 bytes"));
}

TEST(TcpTransport, SeveralGroupsShareAStore) {
  const Meeting meeting;
  std::vector<std::jthread> threads;
  for (int rank = 0; rank < 2; ++rank) {
    threads.emplace_back([&, rank] {
      FileStore store(meeting.folder());
      TcpTransport first(store, rank, 2, {.deadline_s = 20, .prefix = "first"});
      TcpTransport second(store, rank, 2, {.deadline_s = 20, .prefix = "second"});
      for (int round = 0; round < 20; ++round) {
        Bytes a(10), b(20);
        first.exchange(1 - rank, bytes_of(10, rank), 1 - rank, a);
        second.exchange(1 - rank, bytes_of(20, 7 + rank), 1 - rank, b);
        EXPECT_EQ(a, bytes_of(10, 1 - rank));
        EXPECT_EQ(b, bytes_of(20, 8 - rank));
      }
    });
  }
}

/// Rank `victim` of 3, a process, is hit by `signal` in an endless exchange; the others are threads here, and regroup.
void expect_the_others_to_regroup(int signal, double deadline_s) {
  const Meeting meeting;
  constexpr int kVictim = 1;
  const pid_t child = fork();
  if (child == 0) {
    try {
      FileStore store(meeting.folder());
      TcpTransport transport(store, kVictim, 3, {.deadline_s = 60});
      Bytes received(1);
      while (true) transport.exchange(0, bytes_of(1, 0), 0, received);
    } catch (...) {
    }
    _exit(0);
  }
  std::vector<std::jthread> threads;
  for (const int rank : {0, 2}) {
    threads.emplace_back([&, rank] {
      FileStore store(meeting.folder());
      TcpTransport transport(store, rank, 3, {.deadline_s = deadline_s});
      Bytes received(1);
      try {
        for (int n = 0;; ++n) {
          if (rank == 0 && n == 100) kill(child, signal);
          const int peer = rank == 0 ? kVictim : 0;
          if (rank == 2) {
            transport.exchange(-1, {}, 0, received);  // that never comes
          } else {
            transport.exchange(peer, bytes_of(1, 0), peer, received);
          }
        }
      } catch (const TransportError& error) {
        EXPECT_TRUE(error.cause() == Cause::gone || error.cause() == Cause::regrouping ||
                    error.cause() == Cause::deadline)
            << error.what();
      }
      EXPECT_THROW(transport.exchange(0, bytes_of(1, 0), 0, received), TransportError);
      const Membership membership = transport.regroup(10 + rank);
      EXPECT_EQ(membership.members, (std::vector<int>{0, 2}));
      EXPECT_EQ(membership.states, (std::vector<std::uint64_t>{10, 12}));
      const int other = 2 - rank;
      transport.exchange(other, bytes_of(1, rank), other, received);
      EXPECT_EQ(received, bytes_of(1, other));
    });
  }
  threads.clear();
  kill(child, SIGKILL);
  int status = 0;
  waitpid(child, &status, 0);
}

TEST(TcpTransport, TheOthersRegroupAtOnceAfterARankIsKilled) {
  const auto start = std::chrono::steady_clock::now();
  expect_the_others_to_regroup(SIGKILL, 60);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(30));
}

TEST(TcpTransport, TheOthersRegroupWithoutARankThatIsStopped) {
  expect_the_others_to_regroup(SIGSTOP, 1);
}

}  // namespace
}  // namespace optinc::collective
