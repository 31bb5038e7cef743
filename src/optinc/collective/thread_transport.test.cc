#include "optinc/collective/thread_transport.h"

#include <atomic>
#include <chrono>
#include <functional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "optinc/base/error.h"
#include "optinc/collective/transport_error.h"

namespace optinc::collective {
namespace {

using testing::HasSubstr;

std::vector<std::byte> bytes_of(std::size_t count, int value) {
  return std::vector<std::byte>(count, static_cast<std::byte>(value));
}

double seconds_of(const std::function<void()>& action) {
  const auto start = std::chrono::steady_clock::now();
  action();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

TEST(ThreadTransport, PassesMessagesRoundARingInOrder) {
  run_ranks(5, {}, [](Transport& transport) {
    const int next = (transport.rank() + 1) % 5, previous = (transport.rank() + 4) % 5;
    for (int round = 0; round < 50; ++round) {
      const std::size_t count = 1 + 37 * round;
      std::vector<std::byte> received(count);
      transport.exchange(next, bytes_of(count, transport.rank() * 50 + round), previous, received);
      EXPECT_EQ(received, bytes_of(count, previous * 50 + round));
    }
  });
}

TEST(ThreadTransport, AnEmptySpanSendsOrReceivesNothing) {
  run_ranks(2, {}, [](Transport& transport) {
    std::vector<std::byte> received(3);
    if (transport.rank() == 0) {
      transport.exchange(1, bytes_of(3, 7), 1, {});
      transport.exchange(-1, {}, -1, {});
    } else {
      transport.exchange(0, {}, 0, received);
      EXPECT_EQ(received, bytes_of(3, 7));
    }
  });
}

// Everyone to everyone, twice each way, in one exchange: of two messages between two ranks the first comes first.
TEST(ThreadTransport, ManyMessagesGoAtOnceAndInOrder) {
  run_ranks(4, {}, [](Transport& transport) {
    const int rank = transport.rank();
    std::vector<std::vector<std::byte>> sent, received(8);
    std::vector<Outgoing> out;
    std::vector<Incoming> in;
    for (int i = 0; i < 8; ++i) sent.push_back(bytes_of(100 * (i + 1), rank * 8 + i));
    for (int i = 0; i < 8; ++i) {
      out.push_back({i / 2, sent[i]});
      received[i].resize(100 * (2 * rank + i % 2 + 1));
      in.push_back({i / 2, received[i]});
    }
    transport.exchange(out, in);
    for (int i = 0; i < 8; ++i) {
      EXPECT_EQ(received[i], bytes_of(received[i].size(), (i / 2) * 8 + 2 * rank + i % 2));
    }
  });
}

TEST(ThreadTransport, TheOthersRegroupAfterARankHasLeft) {
  ThreadHub hub(4, {.deadline_s = 20});
  run_ranks(hub, 4, [&](Transport& transport) {
    const int rank = transport.rank();
    if (rank == 1) {
      hub.leave(1);
      return;
    }
    std::vector<std::byte> received(1);
    try {
      transport.exchange(0, bytes_of(1, 0), 1, received);
      FAIL() << "rank 1 has left";
    } catch (const TransportError& error) {
      EXPECT_TRUE(error.cause() == TransportError::Cause::gone || error.cause() == TransportError::Cause::regrouping);
    }
    const Membership membership = transport.regroup(100 + rank);
    EXPECT_EQ(membership.members, (std::vector<int>{0, 2, 3}));
    EXPECT_EQ(membership.states, (std::vector<std::uint64_t>{100, 102, 103}));
    const int next = rank == 0 ? 2 : rank == 2 ? 3 : 0, previous = rank == 0 ? 3 : rank == 2 ? 0 : 2;
    transport.exchange(next, bytes_of(1, rank), previous, received);
    EXPECT_EQ(received, bytes_of(1, previous));
    EXPECT_THROW(transport.exchange(1, bytes_of(1, 0), -1, {}), TransportError);
  });
}

TEST(ThreadTransport, RegroupingWithAllPresentLosesNobody) {
  run_ranks(3, {.deadline_s = 20}, [](Transport& transport) {
    for (std::uint64_t round = 0; round < 20; ++round) {
      EXPECT_EQ(transport.regroup(round).states, std::vector<std::uint64_t>(3, round));
    }
  });
}

TEST(ThreadTransport, WhoDoesNotComeToTheRegroupingIsOut) {
  ThreadHub hub(3, {.deadline_s = 0.3});
  run_ranks(hub, 3, [&](Transport& transport) {
    if (transport.rank() < 2) {
      EXPECT_EQ(transport.regroup(0).members, (std::vector<int>{0, 1}));
      return;
    }
    std::this_thread::sleep_for(std::chrono::seconds(1));
    for (const bool regroups : {true, false}) {
      try {
        if (regroups) transport.regroup(0);
        transport.exchange(0, bytes_of(1, 0), -1, {});
        FAIL() << "it is out";
      } catch (const TransportError& error) {
        EXPECT_EQ(error.cause(), TransportError::Cause::excluded);
        EXPECT_STREQ(error.what(), "rank 2 of 3: excluded: the others went on without this rank (they waited 0.3 s)");
      }
    }
  });
}

TEST(ThreadTransport, ARankCanSendToItself) {
  run_ranks(1, {}, [](Transport& transport) {
    std::vector<std::byte> received(9);
    transport.exchange(0, bytes_of(9, 4), 0, received);
    EXPECT_EQ(received, bytes_of(9, 4));
  });
}

TEST(ThreadTransport, ADeadlineNamesRankPeerOperationAndBytes) {
  const auto rank_1_never_comes = [](bool sends) {
    run_ranks(3, {.deadline_s = 0.2}, [&](Transport& transport) {
      std::vector<std::byte> received(12);
      if (transport.rank() == 0 && sends) transport.exchange(1, bytes_of(8, 0), -1, {});
      if (transport.rank() == 0 && !sends) transport.exchange(-1, {}, 1, received);
    });
  };
  const auto message = [&](bool sends) -> std::string {
    try {
      rank_1_never_comes(sends);
    } catch (const base::RunError& error) {
      return error.what();
    }
    return "no RunError";
  };
  const double seconds = seconds_of([&] {
    EXPECT_EQ(message(true), "rank 0 of 3: send of 8 bytes to rank 1: not taken within 0.2 s");
    EXPECT_EQ(message(false), "rank 0 of 3: receive of 12 bytes from rank 1: nothing came within 0.2 s");
  });
  EXPECT_GE(seconds, 0.4);
  EXPECT_LT(seconds, 10);
}

TEST(ThreadTransport, WhatOneRankThrowsEndsAllAtOnceAndIsWhatTheCallerSees) {
  std::atomic<int> failed_with_it = 0;
  const double seconds = seconds_of([&] {
    EXPECT_THROW(run_ranks(4, {.deadline_s = 60},
                           [&](Transport& transport) {
                             if (transport.rank() == 2) {
                               std::this_thread::sleep_for(std::chrono::milliseconds(50));
                               throw std::domain_error("rank 2 has no data");
                             }
                             std::vector<std::byte> received(1);
                             try {
                               transport.exchange(2, bytes_of(1, 0), 2, received);
                             } catch (const base::RunError& error) {
                               EXPECT_THAT(error.what(), HasSubstr(": rank 2 has given up: rank 2 has no data"));
                               ++failed_with_it;
                               throw;
                             }
                           }),
                 std::domain_error);
  });
  EXPECT_EQ(failed_with_it, 3);
  EXPECT_LT(seconds, 10);
}

TEST(ThreadTransport, TellsAMessageOfTheWrongSize) {
  const auto run = [](std::size_t sent, std::size_t expected) -> std::string {
    try {
      run_ranks(2, {.deadline_s = 10}, [&](Transport& transport) {
        std::vector<std::byte> received(expected);
        if (transport.rank() == 0) transport.exchange(1, bytes_of(sent, 0), -1, {});
        if (transport.rank() == 1) transport.exchange(-1, {}, 0, received);
      });
    } catch (const base::RunError& error) {
      return error.what();
    }
    return "no RunError";
  };
  EXPECT_EQ(run(5, 4), "rank 1 of 2: receive of 4 bytes from rank 0: 5 bytes came");
  EXPECT_EQ(run(3, 4), "rank 1 of 2: receive of 4 bytes from rank 0: 3 bytes came");
}

TEST(ThreadTransport, RefusesWhatCanNotBe) {
  const auto message = [](const std::function<void()>& action) -> std::string {
    try {
      action();
    } catch (const base::InputError& error) {
      return error.what();
    }
    return "no InputError";
  };
  EXPECT_EQ(message([] { ThreadHub(0); }), "0 ranks: expected at least 1");
  EXPECT_EQ(message([] { ThreadHub(2, {.deadline_s = 0}); }), "a deadline of 0 s: expected more than 0, at most 1e6");
  EXPECT_EQ(message([] { ThreadHub(2).transport(1).exchange(2, bytes_of(1, 0), 0, {}); }),
            "rank 1 of 2: send of 1 bytes to rank 2: there is no such rank");
}

}  // namespace
}  // namespace optinc::collective
