#include "optinc/collective/tcp_stream.h"

#include <sys/socket.h>

#include <algorithm>
#include <chrono>
#include <numeric>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "optinc/base/random.h"
#include "optinc/collective/tcp_socket.h"
#include "optinc/collective/tcp_testing.h"

namespace optinc::collective {
namespace {

using testing::HasSubstr;
using Cause = TransportError::Cause;

/// A stream from rank 0 to rank 1 of 2, and what flows between them, by hand: so that it can be changed on the way.
struct Wire {
  explicit Wire(const TcpTransportOptions& options) {
    int ends[4];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends) != 0 ||
        socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends + 2) != 0) {
      throw std::runtime_error("no sockets");
    }
    sender = std::make_unique<TcpStream>(0, 2, 1, FileDescriptor(ends[0]), options);
    from_sender = FileDescriptor(ends[1]);
    to_receiver = FileDescriptor(ends[2]);
    receiver = std::make_unique<TcpStream>(1, 2, 0, FileDescriptor(ends[3]), options);
  }

  /// What the sender has sent since the last time, as far as it goes without the receiver.
  Bytes take() {
    Bytes taken, part(1 << 16);
    for (bool moved = true; moved;) {
      moved = sender->send_some();
      const Transferred read = read_some(from_sender, part.data(), part.size());
      taken.insert(taken.end(), part.begin(), part.begin() + static_cast<std::ptrdiff_t>(read.bytes));
      moved = moved || read.bytes > 0;
    }
    return taken;
  }
  /// To the receiver, in pieces of at most `piece` bytes.
  void give(std::span<const std::byte> bytes, std::size_t piece = 1 << 16) {
    while (!bytes.empty()) {
      const Transferred written = write_some(to_receiver, bytes.data(), std::min(piece, bytes.size()));
      bytes = bytes.subspan(written.bytes);
      while (receiver->receive_some()) {
      }
    }
  }
  void begin_epoch(std::uint64_t epoch) {
    for (TcpStream* end : {sender.get(), receiver.get()}) {
      end->drop();
      end->begin_epoch(epoch);
    }
  }

  std::unique_ptr<TcpStream> sender, receiver;
  FileDescriptor from_sender, to_receiver;
};

Bytes random_bytes(std::uint64_t seed, std::size_t count) {
  const base::CounterStream random(seed, 0);
  Bytes bytes(count);
  for (std::size_t i = 0; i < count; ++i) bytes[i] = static_cast<std::byte>(random.word(i));
  return bytes;
}

RC_GTEST_PROP(TcpStream, HowTheBytesAreCutDoesNotMatter, ()) {
  const auto part = *rc::gen::inRange<std::size_t>(1, 20'000);
  const auto piece = *rc::gen::inRange<std::size_t>(1, 20'000);
  const auto sizes = *rc::gen::nonEmpty(rc::gen::container<std::vector<int>>(rc::gen::inRange(1, 30'000)));
  const bool checksum = *rc::gen::arbitrary<bool>();
  Wire wire({.checksum = checksum, .part_bytes = std::max<std::size_t>(part, 50)});
  std::vector<Bytes> sent, received;
  for (const int size : sizes) {
    sent.push_back(random_bytes(sent.size(), size));
    received.emplace_back(size);
  }
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    wire.sender->post_send(sent[i]);
    wire.receiver->post_receive(received[i]);
  }
  wire.give(wire.take(), std::max<std::size_t>(piece, 20));
  RC_ASSERT(!wire.sender->sends());
  RC_ASSERT(!wire.receiver->receives());
  RC_ASSERT(received == sent);
}

// Wherever both ends are when an exchange fails, the next epoch's message arrives, and nothing of the old one.
RC_GTEST_PROP(TcpStream, AFailureAnywhereLeavesTheNextEpochAlone, ()) {
  const auto bytes = *rc::gen::inRange<std::size_t>(1, 400'000);
  const auto part = *rc::gen::inRange<std::size_t>(1'000, 300'000);
  Wire wire({.part_bytes = part});
  const Bytes sent = random_bytes(1, bytes);
  Bytes received(bytes);
  wire.sender->post_send(sent);
  wire.receiver->post_receive(received);
  const int steps = *rc::gen::inRange(0, 6);
  Bytes under_way;
  for (int i = 0; i < steps; ++i) {
    wire.sender->send_some();
    Bytes some(*rc::gen::inRange<std::size_t>(0, 150'000));
    some.resize(read_some(wire.from_sender, some.data(), some.size()).bytes);
    under_way.insert(under_way.end(), some.begin(), some.end());
  }
  // Some of it has come before the failure, the rest comes later.
  const std::size_t before = *rc::gen::inRange<std::size_t>(0, under_way.size() + 1);
  wire.give(std::span(under_way).first(before));
  wire.begin_epoch(3);

  const Bytes next = random_bytes(2, 50'000);
  Bytes next_received(next.size());
  wire.sender->post_send(next);
  wire.receiver->post_receive(next_received);
  wire.give(std::span(under_way).subspan(before));
  wire.give(wire.take());
  RC_ASSERT(!wire.receiver->receives());
  RC_ASSERT(next_received == next);
}

TEST(TcpStream, WhatNobodyWaitsForIsLeftAlone) {
  Wire wire({});
  const Bytes early = random_bytes(1, 100);
  wire.sender->post_send(early);
  wire.give(wire.take());
  EXPECT_FALSE(wire.receiver->receives());
  Bytes received(100);
  wire.receiver->post_receive(received);
  while (wire.receiver->receive_some()) {
  }
  EXPECT_EQ(received, early);
}

TEST(TcpStream, AMessageOfALaterEpochWaits) {
  Wire wire({});
  const Bytes later = random_bytes(1, 100);
  wire.sender->begin_epoch(1);
  wire.sender->post_send(later);
  Bytes received(100);
  wire.receiver->post_receive(received);
  wire.give(wire.take());
  EXPECT_TRUE(wire.receiver->receives());
  EXPECT_FALSE(wire.receiver->wants_to_read());
  wire.receiver->drop();
  wire.receiver->begin_epoch(1);
  wire.receiver->post_receive(received);
  EXPECT_TRUE(wire.receiver->wants_to_read());
  while (wire.receiver->receive_some()) {
  }
  EXPECT_EQ(received, later);
}

// A flipped bit in any byte of header or payload is noticed, and the next epoch is not harmed.
TEST(TcpStream, AFlippedBitAnywhereIsNoticedAndSurvived) {
  for (std::size_t place = 0; place < 64 + 300; place += place < 64 ? 1 : 37) {
    Wire wire({.part_bytes = 100});
    const Bytes sent = random_bytes(place, 300);
    Bytes received(300);
    wire.sender->post_send(sent);
    wire.receiver->post_receive(received);
    Bytes flow = wire.take();
    flow[place] ^= std::byte{4};
    try {
      wire.give(flow);
      FAIL() << "byte " << place;
    } catch (const TransportError& error) {
      EXPECT_EQ(error.cause(), Cause::corrupted) << "byte " << place;
      EXPECT_EQ(error.peer(), 0);
      EXPECT_THAT(error.what(), testing::StartsWith("rank 1 of 2: receive of 300 bytes from rank 0: "));
      EXPECT_THAT(error.what(), HasSubstr("corrupted on the way"));
    }
    wire.begin_epoch(1);
    wire.sender->post_send(sent);
    wire.receiver->post_receive(received);
    wire.give(wire.take());
    EXPECT_FALSE(wire.receiver->receives()) << "byte " << place;
    EXPECT_EQ(received, sent) << "byte " << place;
  }
}

TEST(TcpStream, TellsTheChecksums) {
  Wire wire({});
  Bytes received(65536);
  wire.sender->post_send(received);
  wire.receiver->post_receive(received);
  Bytes flow = wire.take();
  flow[1000] = std::byte{1};
  EXPECT_THAT(error_of([&] { wire.give(flow); }),
              testing::MatchesRegex("rank 1 of 2: receive of 65536 bytes from rank 0: checksum [0-9a-f]+ instead of "
                                    "[0-9a-f]+: corrupted on the way"));
}

TEST(TcpStream, WithoutChecksumsAFlippedBitArrives) {
  Wire wire({.checksum = false});
  Bytes received(65536);
  const Bytes sent(65536);
  wire.sender->post_send(sent);
  wire.receiver->post_receive(received);
  Bytes flow = wire.take();
  flow[1000] = std::byte{1};
  wire.give(flow);
  EXPECT_EQ(received[1000 - 64], std::byte{1});
}

TEST(TcpStream, TellsAMessageThatIsMissing) {
  Wire wire({});
  const Bytes first(100), second(100);
  Bytes received(100);
  wire.sender->post_send(first);
  wire.sender->post_send(second);
  wire.receiver->post_receive(received);
  const Bytes flow = wire.take();
  EXPECT_EQ(error_of([&] { wire.give(std::span(flow).subspan(164)); }),
            "rank 1 of 2: receive of 100 bytes from rank 0: byte 0 of message 1 came instead of byte 0 of message 0");
}

}  // namespace
}  // namespace optinc::collective
