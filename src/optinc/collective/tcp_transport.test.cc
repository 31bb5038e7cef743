#include "optinc/collective/tcp_transport.h"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "optinc/base/error.h"
#include "optinc/base/random.h"
#include "optinc/collective/tcp_testing.h"

namespace optinc::collective {
namespace {

using testing::Each;
using testing::HasSubstr;
using Cause = TransportError::Cause;
using std::chrono::milliseconds;

/// Message n from rank a to rank b in a round; some are empty. The same at both ends.
Bytes message_of(std::uint64_t seed, int round, int a, int b, int n) {
  const base::CounterStream random(seed, ((round * 16 + a) * 16 + b) * 16 + n);
  const std::uint64_t limits[] = {1, 50, 5'000, 300'000};
  Bytes bytes(random.word(0) % limits[random.word(1) % 4]);
  for (std::size_t i = 0; i < bytes.size(); i += 97) bytes[i] = static_cast<std::byte>(random.word(2 + i));
  return bytes;
}

// All to all, themselves too, several messages each, listed in an order that every rank draws for itself.
RC_GTEST_PROP(TcpTransport, MessagesOfAnySizeGoToTheirRanksInOrder, ()) {
  const int size = *rc::gen::inRange(2, 6);
  const auto seed = *rc::gen::arbitrary<std::uint64_t>();
  const auto part_bytes = *rc::gen::element<std::size_t>(1'000, 70'000, 256 << 10);
  const auto errors = run_tcp_ranks(size, {.deadline_s = 60, .part_bytes = part_bytes}, [&](TcpTransport& transport) {
    const int rank = transport.rank();
    for (int round = 0; round < 3; ++round) {
      constexpr int kMessages = 3;
      // Which peer each message is for: the n-th place of a peer is its n-th message.
      std::vector<int> order;
      for (int i = 0; i < kMessages * size; ++i) order.push_back(i % size);
      const base::CounterStream random(seed, 1000 + rank);
      for (std::size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[random.word(i) % i]);

      std::vector<int> so_far(size);
      std::vector<Bytes> sent, received, expected;
      for (const int peer : order) {
        sent.push_back(message_of(seed, round, rank, peer, so_far[peer]));
        expected.push_back(message_of(seed, round, peer, rank, so_far[peer]));
        received.emplace_back(expected.back().size());
        ++so_far[peer];
      }
      std::vector<Outgoing> out;
      std::vector<Incoming> in;
      for (std::size_t i = 0; i < order.size(); ++i) {
        out.push_back({order[i], sent[i]});
        in.push_back({order[i], received[i]});
      }
      transport.exchange(out, in);
      if (received != expected) throw std::runtime_error("something else arrived");
    }
  });
  for (const std::string& error : errors) RC_ASSERT(error == "");
}

TEST(TcpTransport, LargeMessagesBothWaysDoNotLockUp) {
  const auto errors = run_tcp_ranks(2, {.deadline_s = 120}, [](TcpTransport& transport) {
    const int other = 1 - transport.rank();
    const Bytes sent = bytes_of(64 << 20, transport.rank() + 1);
    Bytes received(sent.size());
    transport.exchange(other, sent, other, received);
    EXPECT_EQ(received, bytes_of(sent.size(), other + 1));
  });
  EXPECT_THAT(errors, Each(std::string()));
}

TEST(TcpTransport, ManySmallMessages) {
  const auto errors = run_tcp_ranks(3, {.deadline_s = 60}, [](TcpTransport& transport) {
    const int next = (transport.rank() + 1) % 3, previous = (transport.rank() + 2) % 3;
    for (int round = 0; round < 3000; ++round) {
      const int number = round * 3 + transport.rank(), expected = round * 3 + previous;
      int received = -1;
      transport.exchange(next, std::as_bytes(std::span(&number, 1)), previous,
                         std::as_writable_bytes(std::span(&received, 1)));
      if (received != expected) throw std::runtime_error("something else arrived");
    }
    // And as many at once.
    std::vector<int> sent(3000), received(3000);
    std::vector<Outgoing> out;
    std::vector<Incoming> in;
    for (int i = 0; i < 3000; ++i) {
      sent[i] = i;
      out.push_back({next, std::as_bytes(std::span(&sent[i], 1))});
      in.push_back({previous, std::as_writable_bytes(std::span(&received[i], 1))});
    }
    transport.exchange(out, in);
    EXPECT_EQ(received, sent);
  });
  EXPECT_THAT(errors, Each(std::string()));
}

// Rank 1 sends rank 0 those of its next exchanges while rank 0 still waits for rank 2: small ones, and one that fits
// into no buffer, so that rank 1 waits in its second exchange.
TEST(TcpTransport, MessagesOfLaterExchangesWaitForTheirTurn) {
  const auto errors = run_tcp_ranks(3, {.deadline_s = 60}, [](TcpTransport& transport) {
    if (transport.rank() == 1) {
      for (int i = 0; i < 5; ++i) transport.exchange(0, bytes_of(100 + i, i), -1, {});
      transport.exchange(0, bytes_of(48 << 20, 7), -1, {});
    } else if (transport.rank() == 2) {
      std::this_thread::sleep_for(milliseconds(300));
      transport.exchange(0, bytes_of(10, 9), -1, {});
    } else {
      Bytes received(10);
      transport.exchange(-1, {}, 2, received);
      EXPECT_EQ(received, bytes_of(10, 9));
      for (int i = 0; i < 5; ++i) {
        received.resize(100 + i);
        transport.exchange(-1, {}, 1, received);
        EXPECT_EQ(received, bytes_of(100 + i, i));
      }
      received.resize(48 << 20);
      transport.exchange(-1, {}, 1, received);
      EXPECT_EQ(received, bytes_of(48 << 20, 7));
    }
  });
  EXPECT_THAT(errors, Each(std::string()));
}

TEST(TcpTransport, ARankCanSendToItself) {
  const auto errors = run_tcp_ranks(1, {.deadline_s = 0.1}, [](TcpTransport& transport) {
    Bytes received(9);
    transport.exchange(0, bytes_of(9, 4), 0, received);
    EXPECT_EQ(received, bytes_of(9, 4));
    transport.exchange(-1, {}, -1, {});
    EXPECT_EQ(error_of([&] { transport.exchange(0, bytes_of(8, 4), 0, received); }),
              "rank 0 of 1: receive of 9 bytes from rank 0: 8 bytes came");
    EXPECT_EQ(transport.regroup(5).states, std::vector<std::uint64_t>{5});
    EXPECT_EQ(error_of([&] { transport.exchange(-1, {}, 0, received); }),
              "rank 0 of 1: receive of 9 bytes from rank 0: nothing came within 0.1 s");
  });
  EXPECT_THAT(errors, Each(std::string()));
}

TEST(TcpTransport, ADeadlineNamesRankPeerOperationAndBytes) {
  const auto errors = run_tcp_ranks(4, {.deadline_s = 0.5}, [](TcpTransport& transport) {
    if (transport.rank() != 0) return std::this_thread::sleep_for(milliseconds(3000));
    Bytes received[] = {Bytes(12), Bytes(13), Bytes(14)};
    const Bytes large(64 << 20);
    const auto regrouped_after = [&](const std::vector<Outgoing>& out, const std::vector<Incoming>& in) {
      const auto start = std::chrono::steady_clock::now();
      try {
        transport.exchange(out, in);
      } catch (const TransportError& error) {
        EXPECT_EQ(error.cause(), Cause::deadline);
        EXPECT_EQ(error.peer(), 2);
        EXPECT_GE(std::chrono::steady_clock::now() - start, milliseconds(499));
        return std::string(error.what());
      }
      return std::string();
    };
    EXPECT_EQ(regrouped_after({{1, Bytes(5)}, {1, large}}, {{2, received[0]}, {3, received[1]}, {2, received[2]}}),
              "rank 0 of 4: receive of 12 bytes from rank 2: nothing came within 0.5 s (also waiting for ranks 1, 3)");
  });
  EXPECT_THAT(errors, Each(std::string()));

  const auto more = run_tcp_ranks(3, {.deadline_s = 0.5}, [](TcpTransport& transport) {
    Bytes received(12);
    if (transport.rank() == 0) transport.exchange(-1, {}, 2, received);
    if (transport.rank() == 1) transport.exchange(2, Bytes(64 << 20), -1, {});
    if (transport.rank() == 2) std::this_thread::sleep_for(milliseconds(1500));
  });
  // The later of the two may see that the earlier has left.
  EXPECT_THAT(more[0], testing::AnyOf("rank 0 of 3: receive of 12 bytes from rank 2: nothing came within 0.5 s",
                                      HasSubstr("rank 1 is gone (it ended after a failure)")));
  EXPECT_THAT(more[1], testing::AnyOf("rank 1 of 3: send of 67108864 bytes to rank 2: not taken within 0.5 s",
                                      HasSubstr("rank 0 is gone (it ended after a failure)")));
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
  EXPECT_EQ(errors[1], "rank 1 of 2: receive of 8 bytes from rank 0: 5 bytes came");
  EXPECT_EQ(errors[0], "rank 0 of 2: receive of 8 bytes from rank 1: rank 1 has given up: " + errors[1]);
}

TEST(TcpTransport, AMessageThatIsTooLongTouchesNoMemory) {
  const auto errors = run_tcp_ranks(2, {.deadline_s = 20}, [](TcpTransport& transport) {
    if (transport.rank() == 0) return transport.exchange(1, bytes_of(50'000, 1), -1, {});
    Bytes received(40'000);
    EXPECT_EQ(error_of([&] { transport.exchange(-1, {}, 0, received); }),
              "rank 1 of 2: receive of 40000 bytes from rank 0: 50000 bytes came");
    EXPECT_EQ(received, bytes_of(40'000, 0));
  });
  EXPECT_THAT(errors, Each(std::string()));
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

TEST(TcpTransport, RefusesARankThatDoesNotExistAndGoesOn) {
  const auto errors = run_tcp_ranks(2, {.deadline_s = 20}, [](TcpTransport& transport) {
    Bytes received(1);
    EXPECT_THROW(transport.exchange(2, received, -1, {}), base::InputError);
    EXPECT_THROW(transport.exchange(0, received, -1, received), base::InputError);
    transport.exchange(1 - transport.rank(), bytes_of(1, 3), 1 - transport.rank(), received);
    EXPECT_EQ(received, bytes_of(1, 3));
  });
  EXPECT_THAT(errors, Each(std::string()));
}

}  // namespace
}  // namespace optinc::collective
