#include "optinc/collective/tcp_rendezvous.h"

#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "optinc/base/error.h"
#include "optinc/collective/tcp_socket.h"
#include "optinc/collective/tcp_testing.h"

namespace optinc::collective {
namespace {

using std::chrono::milliseconds;
using testing::Each;
using testing::HasSubstr;

/// Both ranks of 2, in one folder; what each of them throws.
std::vector<std::string> meet(const Meeting& meeting, const TcpTransportOptions& options, milliseconds later = {}) {
  std::vector<std::string> errors(2);
  std::vector<std::jthread> threads;
  for (int rank = 0; rank < 2; ++rank) {
    threads.emplace_back([&, rank] {
      errors[rank] = error_of([&] {
        if (rank == 0) std::this_thread::sleep_for(later);
        FileStore store(meeting.folder());
        TcpTransport transport(store, rank, 2, options);
        Bytes received(3);
        transport.exchange(1 - rank, bytes_of(3, 1), 1 - rank, received);
      });
    });
  }
  threads.clear();
  return errors;
}

TEST(TcpRendezvous, WhoComesFirstWaits) {
  const Meeting meeting;
  EXPECT_THAT(meet(meeting, {.deadline_s = 30}, milliseconds(300)), Each(std::string()));
}

// The folder holds the keys of an earlier run. Behind them is nobody any more; or, worse, somebody else.
TEST(TcpRendezvous, KeysOfAnEarlierRunLeadNowhereAndAreFoundOut) {
  const Meeting meeting;
  EXPECT_THAT(meet(meeting, {.deadline_s = 30}), Each(std::string()));
  EXPECT_THAT(meet(meeting, {.deadline_s = 30}, milliseconds(200)), Each(std::string()));

  int port = 0;
  const FileDescriptor silent = listen_on("127.0.0.1", port);
  FileStore(meeting.folder()).set("optinc/0", fmt::format("127.0.0.1:{} {:032x}", port, 7));
  EXPECT_THAT(meet(meeting, {.deadline_s = 30}, milliseconds(200)), Each(std::string()));
}

TEST(TcpRendezvous, StrangersAreLeftOutside) {
  const Meeting meeting;
  FileStore store(meeting.folder());
  std::jthread strangers([&] {
    const std::string value = store.get("optinc/0", 30);
    const TcpAddress address = parse_tcp_address(value.substr(0, value.find(' ')));
    const std::string request = "GET / HTTP/1.1\r\nHost: localhost\r\nUser-Agent: stranger\r\n\r\n";
    std::vector<FileDescriptor> open;
    for (int i = 0; i < 300; ++i) {
      FileDescriptor socket = start_to_connect(address);
      std::this_thread::sleep_for(std::chrono::microseconds(300));
      if (socket.is_open() && i % 2 == 0) write_some(socket, request.data(), request.size());
      if (i % 3 != 0) open.push_back(std::move(socket));
    }
  });
  std::vector<std::string> errors(2);
  {
    std::jthread second([&] {
      errors[1] = error_of([&] {
        std::this_thread::sleep_for(milliseconds(50));
        FileStore own(meeting.folder());
        TcpTransport transport(own, 1, 2, {.deadline_s = 30});
        Bytes received(3);
        transport.exchange(0, received, 0, received);
      });
    });
    errors[0] = error_of([&] {
      TcpTransport transport(store, 0, 2, {.deadline_s = 30});
      Bytes received(3);
      transport.exchange(1, received, 1, received);
    });
  }
  EXPECT_THAT(errors, Each(std::string()));
}

TEST(TcpRendezvous, NamesTheRanksThatDoNotCome) {
  const Meeting meeting;
  std::vector<std::string> errors(4);
  std::vector<std::jthread> threads;
  for (const int rank : {0, 3}) {
    threads.emplace_back([&, rank] {
      FileStore store(meeting.folder());
      errors[rank] = error_of([&] { TcpTransport(store, rank, 4, {.deadline_s = 0.5}); });
    });
  }
  threads.clear();
  EXPECT_THAT(errors[0], testing::StartsWith("rank 0 of 4: no connection with rank"));
  EXPECT_THAT(errors[0], HasSubstr("1, 2"));
  EXPECT_THAT(errors[3], HasSubstr("1, 2"));
  EXPECT_THAT(errors[3], HasSubstr("within 0.5 s (keys \"optinc/RANK\")"));
}

TEST(TcpRendezvous, TellsRanksThatCountDifferently) {
  const Meeting meeting;
  std::vector<std::string> errors(2);
  {
    std::jthread second([&] {
      FileStore store(meeting.folder());
      errors[1] = error_of([&] { TcpTransport(store, 1, 3, {.deadline_s = 1}); });
    });
    FileStore store(meeting.folder());
    errors[0] = error_of([&] { TcpTransport(store, 0, 2, {.deadline_s = 20}); });
  }
  EXPECT_EQ(errors[0], "rank 0 of 2: rank 1 says that there are 3 ranks");
  EXPECT_THAT(errors[1], HasSubstr("rank 1 of 3: no connection with rank"));
}

TEST(TcpRendezvous, AnyNameOfThisMachineWill) {
  const Meeting meeting;
  EXPECT_THAT(meet(meeting, {.deadline_s = 30, .address = "localhost"}), Each(std::string()));
}

TEST(TcpRendezvous, RefusesWhatCanNotBe) {
  const Meeting meeting;
  FileStore store(meeting.folder());
  const auto refusal = [&](int rank, int size, const TcpTransportOptions& options) -> std::string {
    try {
      TcpTransport(store, rank, size, options);
    } catch (const base::InputError& error) {
      return error.what();
    }
    return "no InputError";
  };
  EXPECT_EQ(refusal(0, 0, {}), "0 ranks: expected at least 1");
  EXPECT_EQ(refusal(2, 2, {}), "rank 2 of 2: expected 0 .. 1");
  EXPECT_EQ(refusal(-1, 2, {}), "rank -1 of 2: expected 0 .. 1");
  EXPECT_EQ(refusal(0, 1, {.deadline_s = 0}), "a deadline of 0 s: expected more than 0, at most 1e6");
  EXPECT_EQ(refusal(0, 1, {.part_bytes = 0}), "parts of 0 bytes: expected 1 .. 2^30");
  // TEST-NET-1 is nobody's.
  EXPECT_THAT(refusal(0, 2, {.address = "192.0.2.1"}), HasSubstr("address \"192.0.2.1\": can't listen: "));
}

TEST(TcpRendezvous, TellsAKeyThatHoldsSomethingElse) {
  const Meeting meeting;
  FileStore store(meeting.folder());
  store.set("optinc/0", "hello");
  EXPECT_EQ(error_of([&] { TcpTransport(store, 1, 2, {.deadline_s = 5}); }),
            "rank 1 of 2: key \"optinc/0\" holds \"hello\": expected address:port and a nonce");
}

}  // namespace
}  // namespace optinc::collective
