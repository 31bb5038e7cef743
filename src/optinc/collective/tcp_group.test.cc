#include "optinc/collective/tcp_group.h"

#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <fmt/ranges.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "optinc/base/random.h"
#include "optinc/collective/tcp_testing.h"

namespace optinc::collective {
namespace {

using testing::AnyOf;
using testing::Each;
using testing::HasSubstr;
using testing::StartsWith;
using Cause = TransportError::Cause;
using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

/// One process a rank, each with a transport.
std::vector<std::unique_ptr<Child>> start_ranks(const Meeting& meeting, int size, const TcpTransportOptions& options,
                                                const std::function<std::string(TcpTransport&)>& body) {
  std::vector<std::unique_ptr<Child>> children;
  for (int rank = 0; rank < size; ++rank) {
    children.push_back(std::make_unique<Child>([&, rank] {
      FileStore store(meeting.folder());
      TcpTransport transport(store, rank, size, options);
      return body(transport);
    }));
  }
  return children;
}

/// Every member tells every other `value`, in as many bytes. Throws std::runtime_error when something else arrives.
void all_to_all(Transport& transport, const std::vector<int>& members, std::size_t bytes, int value) {
  const Bytes sent = bytes_of(bytes, value + transport.rank());
  std::vector<Bytes> received(members.size(), Bytes(bytes));
  std::vector<Outgoing> out;
  std::vector<Incoming> in;
  for (std::size_t i = 0; i < members.size(); ++i) {
    if (members[i] == transport.rank()) continue;
    out.push_back({members[i], sent});
    in.push_back({members[i], received[i]});
  }
  transport.exchange(out, in);
  for (std::size_t i = 0; i < members.size(); ++i) {
    if (members[i] == transport.rank()) continue;
    if (received[i] != bytes_of(bytes, value + members[i])) {
      throw std::runtime_error(fmt::format("rank {}: something else came from rank {}", transport.rank(), members[i]));
    }
  }
}

std::vector<int> all_of(int size) {
  std::vector<int> ranks(size);
  for (int rank = 0; rank < size; ++rank) ranks[rank] = rank;
  return ranks;
}

/// What an endless exchange ends with.
std::string exchange_until_it_fails(TcpTransport& transport, std::size_t bytes) {
  return error_of([&] {
    for (int round = 0;; ++round) all_to_all(transport, all_of(transport.size()), bytes, round);
  });
}

std::string told_by(const Membership& membership) {
  return fmt::format("members {} states {}", fmt::join(membership.members, " "), fmt::join(membership.states, " "));
}

TEST(TcpGroup, ADeathInTheMiddleOfALargeExchangeIsToldAtOnceByAll) {
  const Meeting meeting;
  const auto ranks = start_ranks(meeting, 4, {.deadline_s = 60},
                                 [](TcpTransport& transport) { return exchange_until_it_fails(transport, 16 << 20); });
  std::this_thread::sleep_for(milliseconds(700));
  ranks[2]->hit(SIGKILL);
  const Clock::time_point start = Clock::now();
  for (const int rank : {0, 1, 3}) {
    const std::string told = ranks[rank]->told();
    EXPECT_THAT(told, StartsWith(fmt::format("rank {} of 4: ", rank)));
    EXPECT_THAT(told, HasSubstr(" of 16777216 bytes "));
    EXPECT_THAT(told, HasSubstr(": rank 2 is gone (its connection closed)"));
  }
  EXPECT_LT(Clock::now() - start, std::chrono::seconds(10));
}

TEST(TcpGroup, AChildOfADeadRankDoesNotHideItsDeath) {
  const Meeting meeting;
  const auto ranks = start_ranks(meeting, 2, {.deadline_s = 60}, [](TcpTransport& transport) -> std::string {
    if (transport.rank() == 1) return exchange_until_it_fails(transport, 8);
    const pid_t child = fork();  // like a data loader
    if (child == 0) {
      close(STDOUT_FILENO);
      close(STDERR_FILENO);
      sleep(8);
      _exit(0);
    }
    exchange_until_it_fails(transport, 8);
    return "";
  });
  std::this_thread::sleep_for(milliseconds(500));
  ranks[0]->hit(SIGKILL);
  EXPECT_THAT(ranks[1]->told(6), HasSubstr("rank 0 is gone"));
}

TEST(TcpGroup, TheCopyOfATransportInAChildCanBeDestroyed) {
  EXPECT_THAT(run_tcp_ranks(1, {}, [](TcpTransport&) {}), Each(std::string()));
  const Meeting meeting;
  const auto ranks = start_ranks(meeting, 2, {.deadline_s = 20}, [&](TcpTransport& transport) -> std::string {
    if (transport.rank() == 0) {
      FileStore store(meeting.folder());
      auto copied = std::make_unique<TcpTransport>(store, 0, 1);
      const pid_t child = fork();
      if (child == 0) {
        copied.reset();
        // The other transport's copy, too.
        transport.~TcpTransport();
        _exit(0);
      }
      int status = 0;
      waitpid(child, &status, 0);
      if (status != 0) return "the child failed";
    }
    for (int round = 0; round < 3; ++round) all_to_all(transport, {0, 1}, 1000, round);
    return "well";
  });
  for (const auto& rank : ranks) EXPECT_EQ(rank->told(), "well");
}

TEST(TcpGroup, AnOrderlyEndIsNoFailureUntilSomethingIsNeeded) {
  const auto errors = run_tcp_ranks(3, {.deadline_s = 30}, [](TcpTransport& transport) {
    all_to_all(transport, {0, 1, 2}, 100, 0);
    if (transport.rank() == 0) return;
    std::this_thread::sleep_for(milliseconds(100));
    Bytes received(8);
    for (int round = 0; round < 10; ++round) {
      std::this_thread::sleep_for(milliseconds(transport.rank() * 5));
      transport.exchange(3 - transport.rank(), bytes_of(8, round), 3 - transport.rank(), received);
      EXPECT_EQ(received, bytes_of(8, round));
    }
    // One of the two may see that the other has failed because of it.
    EXPECT_THAT(error_of([&] { transport.exchange(-1, {}, 0, received); }),
                AnyOf(HasSubstr("receive of 8 bytes from rank 0: rank 0 is gone (it has ended)"),
                      HasSubstr(fmt::format("rank {} is gone (it ended after a failure)", 3 - transport.rank()))));
  });
  EXPECT_THAT(errors, Each(std::string()));
}

TEST(TcpGroup, WhatARankSentBeforeItsOrderlyEndArrives) {
  const auto errors = run_tcp_ranks(2, {.deadline_s = 30}, [](TcpTransport& transport) {
    if (transport.rank() == 0) {
      transport.exchange(1, bytes_of(50'000, 3), -1, {});
      return;
    }
    std::this_thread::sleep_for(milliseconds(200));
    Bytes received(50'000);
    transport.exchange(-1, {}, 0, received);
    EXPECT_EQ(received, bytes_of(50'000, 3));
  });
  EXPECT_THAT(errors, Each(std::string()));
}

TEST(TcpGroup, AnEndAfterAFailureFailsTheOthersAtOnceButTheCauseIsNamed) {
  const Clock::time_point start = Clock::now();
  const auto errors = run_tcp_ranks(3, {.deadline_s = 60}, [](TcpTransport& transport) {
    if (transport.rank() == 0) throw std::runtime_error("no data");
    Bytes received(8);
    transport.exchange(-1, {}, 3 - transport.rank(), received);
  });
  EXPECT_EQ(errors[0], "no data");
  for (const int rank : {1, 2}) {
    EXPECT_THAT(errors[rank], AnyOf(HasSubstr("rank 0 is gone (it ended after a failure)"),
                                    HasSubstr(fmt::format("rank {} is gone (it ended after a failure)", 3 - rank))));
  }
  EXPECT_LT(Clock::now() - start, std::chrono::seconds(20));
}

TEST(TcpGroup, AbortTellsAllWhoGaveUpAndWhyNowAndLater) {
  const auto errors = run_tcp_ranks(3, {.deadline_s = 60}, [](TcpTransport& transport) {
    Bytes received(8);
    if (transport.rank() == 2) transport.abort("the file is full");
    for (int time = 0; time < 2; ++time) {
      try {
        transport.exchange(-1, {}, (transport.rank() + 1) % 3, received);
        ADD_FAILURE() << "nothing was sent";
      } catch (const TransportError& error) {
        EXPECT_EQ(error.cause(), Cause::given_up);
        EXPECT_EQ(error.peer(), 2);
        EXPECT_EQ(error.what(), fmt::format("rank {} of 3: receive of 8 bytes from rank {}: rank 2 has given up: the "
                                            "file is full",
                                            transport.rank(), (transport.rank() + 1) % 3));
      }
    }
  });
  EXPECT_THAT(errors, Each(std::string()));
}

// Rank 2 has died; the others meet, with the states that they gave, and exchange among themselves.
TEST(TcpGroup, SurvivorsAgreeAndGoOn) {
  const Meeting meeting;
  const auto ranks = start_ranks(meeting, 4, {.deadline_s = 30}, [](TcpTransport& transport) {
    exchange_until_it_fails(transport, 3 << 20);
    const Membership membership = transport.regroup(100 + transport.rank());
    for (int round = 0; round < 20; ++round) all_to_all(transport, membership.members, 200'000, round);
    const std::string with_the_dead = error_of([&] { transport.exchange(2, bytes_of(3, 0), -1, {}); });
    return told_by(membership) + ", " + with_the_dead;
  });
  std::this_thread::sleep_for(milliseconds(500));
  ranks[2]->hit(SIGKILL);
  for (const int rank : {0, 1, 3}) {
    EXPECT_EQ(ranks[rank]->told(),
              fmt::format("members 0 1 3 states 100 101 103, rank {} of 4: send of 3 bytes to rank 2: not one of the "
                          "ranks that went on",
                          rank));
  }
}

TEST(TcpGroup, WhoIsStoppedIsExcludedWhenItWakes) {
  const Meeting meeting;
  const auto ranks = start_ranks(meeting, 3, {.deadline_s = 1}, [](TcpTransport& transport) {
    const std::string error = exchange_until_it_fails(transport, 2 << 20);
    const std::string in_regroup = error_of([&] {
      const Membership membership = transport.regroup(transport.rank());
      if (membership.members != std::vector<int>{0, 2}) throw std::runtime_error("other members");
      all_to_all(transport, membership.members, 100'000, 1);
    });
    const std::string again = in_regroup.empty() ? "" : error_of([&] { all_to_all(transport, {0, 1, 2}, 8, 1); });
    return error + " | " + in_regroup + " | " + again;
  });
  std::this_thread::sleep_for(milliseconds(500));
  ranks[1]->hit(SIGSTOP);
  for (const int rank : {0, 2}) {
    const std::string told = ranks[rank]->told();
    EXPECT_THAT(told, AnyOf(HasSubstr("within 1 s"), HasSubstr("calls all ranks to regroup")));
    EXPECT_THAT(told, testing::EndsWith(" |  | "));
  }
  ranks[1]->hit(SIGCONT);
  const std::string excluded = "rank 1 of 3: excluded: the others went on without this rank (they waited 1 s)";
  EXPECT_EQ(ranks[1]->told(), excluded + " | " + excluded + " | " + excluded);
}

// Rank 1 is late once; the 64 MB that rank 0 had begun to send it, and whose memory is gone, are in nobody's way.
TEST(TcpGroup, ALateRankIsKeptAndHalfSentMessagesAreThrownAway) {
  const auto errors = run_tcp_ranks(3, {.deadline_s = 1}, [](TcpTransport& transport) {
    const int rank = transport.rank();
    for (int time = 0; time < 3; ++time) {
      if (rank == 0) {
        const Bytes large = bytes_of(64 << 20, 9);
        EXPECT_EQ(error_of([&] { transport.exchange(1, large, -1, {}); }),
                  "rank 0 of 3: send of 67108864 bytes to rank 1: not taken within 1 s");
      } else if (rank == 1) {
        Bytes received(64 << 20);
        std::this_thread::sleep_for(milliseconds(1300));
        EXPECT_THAT(error_of([&] { transport.exchange(-1, {}, 0, received); }),
                    HasSubstr("rank 0 found a failure and calls all ranks to regroup"));
      } else {
        std::this_thread::sleep_for(milliseconds(1300));
        Bytes received(8);
        EXPECT_THAT(error_of([&] { transport.exchange(0, received, 0, received); }),
                    HasSubstr("rank 0 found a failure and calls all ranks to regroup"));
      }
      const Membership membership = transport.regroup(rank + time);
      EXPECT_EQ(told_by(membership), fmt::format("members 0 1 2 states {} {} {}", time, time + 1, time + 2));
      for (int round = 0; round < 5; ++round) all_to_all(transport, membership.members, 100'000, round);
    }
  });
  EXPECT_THAT(errors, Each(std::string()));
}

TEST(TcpGroup, AfterAnErrorNothingIsExchangedUntilRegrouping) {
  const auto errors = run_tcp_ranks(2, {.deadline_s = 2}, [](TcpTransport& transport) {
    Bytes received(12);
    const int other = 1 - transport.rank();
    if (transport.rank() == 0) {
      EXPECT_THAT(error_of([&] { transport.exchange(1, bytes_of(5, 0), 1, received); }), HasSubstr("7 bytes came"));
      EXPECT_EQ(error_of([&] { transport.exchange(-1, {}, 1, received); }),
                "rank 0 of 2: receive of 12 bytes from rank 1: an earlier exchange failed");
    } else {
      transport.exchange(0, bytes_of(7, 0), -1, {});
      std::this_thread::sleep_for(milliseconds(300));
    }
    transport.regroup(0);
    transport.exchange(other, bytes_of(12, 1), other, received);
    EXPECT_EQ(received, bytes_of(12, 1));
  });
  EXPECT_THAT(errors, Each(std::string()));
}

/// Exchanges on, whatever happens, until `survivors` are left and have done 30 rounds. A rank's state is its round;
/// those that are behind another had all they needed of the rounds between.
std::string survive(TcpTransport& transport, std::size_t survivors) {
  std::vector<int> members = all_of(transport.size());
  std::uint64_t last = ~std::uint64_t{0};
  for (std::uint64_t round = 0; round < last;) {
    try {
      all_to_all(transport, members, 200'000, static_cast<int>(round));
      ++round;
    } catch (const TransportError& error) {
      if (error.cause() == Cause::excluded) throw;
      const Membership membership = transport.regroup(round);
      members = membership.members;
      round = std::ranges::max(membership.states);
      if (members.size() == survivors) last = round + 30;
    }
  }
  return fmt::format("{}", fmt::join(members, " "));
}

// Two ranks die at any time, the second also while the others regroup; rank 0, who proposes, among them.
TEST(TcpGroup, SurvivesDeathsAtAnyTime) {
  for (int seed = 0; seed < 10; ++seed) {
    const base::CounterStream random(5, seed);
    const Meeting meeting;
    const auto ranks =
        start_ranks(meeting, 5, {.deadline_s = 40}, [](TcpTransport& transport) { return survive(transport, 3); });
    std::this_thread::sleep_for(milliseconds(100 + random.word(0) % 100));
    const int first = seed % 2 == 0 ? 0 : static_cast<int>(random.word(1) % 5);
    const int second = (first + 1 + static_cast<int>(random.word(2) % 4)) % 5;
    ranks[first]->hit(SIGKILL);
    std::this_thread::sleep_for(std::chrono::microseconds(random.word(3) % 3000));
    ranks[second]->hit(SIGKILL);
    std::vector<int> rest;
    for (int rank = 0; rank < 5; ++rank) {
      if (rank != first && rank != second) rest.push_back(rank);
    }
    for (const int rank : rest) {
      EXPECT_EQ(ranks[rank]->told(), fmt::format("{}", fmt::join(rest, " ")))
          << "seed " << seed << ", rank " << rank << ", without " << first << " and " << second;
    }
  }
}

TEST(TcpGroup, TheLastRankIsAGroupOfItsOwn) {
  const Meeting meeting;
  const auto ranks = start_ranks(meeting, 3, {.deadline_s = 30}, [](TcpTransport& transport) {
    while (true) {
      exchange_until_it_fails(transport, 8);
      const Membership membership = transport.regroup(7);
      if (membership.members.size() == 1) return told_by(membership);
    }
  });
  std::this_thread::sleep_for(milliseconds(300));
  ranks[0]->hit(SIGKILL);
  ranks[2]->hit(SIGKILL);
  EXPECT_EQ(ranks[1]->told(), "members 1 states 7");
}

TEST(TcpGroup, RegroupingWithAllPresentLosesNobody) {
  const auto errors = run_tcp_ranks(4, {.deadline_s = 30}, [](TcpTransport& transport) {
    for (std::uint64_t round = 0; round < 50; ++round) {
      const Membership membership = transport.regroup(round);
      EXPECT_EQ(membership.members, all_of(4));
      EXPECT_EQ(membership.states, std::vector<std::uint64_t>(4, round));
    }
  });
  EXPECT_THAT(errors, Each(std::string()));
}

}  // namespace
}  // namespace optinc::collective
