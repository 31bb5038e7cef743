#include "optinc/collective/resilient_all_reduce.h"

#include <atomic>
#include <chrono>
#include <cmath>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "optinc/base/error.h"
#include "optinc/base/random.h"
#include "optinc/codec/pam4.h"
#include "optinc/collective/checksum_transport.h"
#include "optinc/collective/fault_transport.h"
#include "optinc/collective/optical_all_reduce.h"
#include "optinc/collective/thread_transport.h"
#include "optinc/device/exact_averager.h"
#include "optinc/fabric/single_device.h"

namespace optinc::collective {
namespace {

using Floats = std::vector<float>;
using testing::HasSubstr;

const fabric::SingleDevice& device() {
  static const fabric::SingleDevice made(std::make_shared<device::ExactAverager>(
      device::DeviceShape{.bits = 8, .servers = 4, .inputs = 4, .rounding = codec::Rounding::nearest}));
  return made;
}

Floats gradient_of(int rank, std::size_t count) {
  const base::CounterStream stream(11, rank);
  Floats values(count);
  for (std::size_t i = 0; i < count; ++i) values[i] = static_cast<float>(stream.uniform(i) - 0.5);
  return values;
}

/// What `ranks` would get among themselves, without faults.
Floats average_of(const std::vector<int>& ranks, std::size_t count) {
  std::vector<Floats> values;
  for (const int rank : ranks) values.push_back(gradient_of(rank, count));
  run_ranks(static_cast<int>(ranks.size()), {},
            [&](Transport& transport) { OpticalAllReduce(transport, device()).average(values[transport.rank()], 0); });
  return values[0];
}

/// How it went at one rank.
struct End {
  std::vector<Floats> results;  // of the calls that returned
  AllReduceStats stats;         // of the last of them
  std::string error;
  double seconds = 0;
};

struct Setting {
  OnFault on_fault = OnFault::abort;
  std::vector<Fault> faults;
  std::vector<int> lost_ports;
  double deadline_s = 20;
  int ranks = 4;
  int calls = 3;
  std::size_t count = 5000;
};

/// `calls` all-reduces of ranks as threads, each with what `faults` has for it.
std::vector<End> run(const Setting& setting) {
  ThreadHub hub(setting.ranks, {.deadline_s = setting.deadline_s});
  std::vector<End> ends(setting.ranks);
  std::vector<std::jthread> threads;
  for (int rank = 0; rank < setting.ranks; ++rank) {
    threads.emplace_back([&, rank] {
      End& end = ends[rank];
      const auto start = std::chrono::steady_clock::now();
      const FaultActions actions{
          .die =
              [&hub, rank] {
                hub.leave(rank);
                throw base::RunError("died");
              },
          .stop = [](double seconds) { std::this_thread::sleep_for(std::chrono::duration<double>(seconds)); }};
      try {
        FaultTransport faulty(hub.transport(rank), setting.faults, actions);
        ChecksumTransport transport(faulty);
        OpticalAllReduce all_reduce(
            transport, device(),
            {.pipeline = {.chunk = 1024},
             .faults = {.on_fault = setting.on_fault, .lost_ports = setting.lost_ports, .notice = nullptr}});
        for (int call = 0; call < setting.calls; ++call) {
          Floats values = gradient_of(rank, setting.count);
          end.stats = all_reduce.average(values, 0);
          end.results.push_back(values);
        }
      } catch (const std::exception& error) {
        end.error = error.what();
        if (end.error != "died") hub.transport(rank).abort(end.error);
      }
      end.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    });
  }
  threads.clear();
  return ends;
}

// 5,000 elements in chunks of 1,024 are 7 exchanges a call, and with survivors or ring an eighth.
TEST(ResilientAllReduce, WithoutFaultsEveryOutcomeIsThePlainAllReduce) {
  const Floats expected = average_of({0, 1, 2, 3}, 5000);
  for (const OnFault on_fault : {OnFault::abort, OnFault::ring, OnFault::survivors}) {
    for (const End& end : run({.on_fault = on_fault})) {
      EXPECT_EQ(end.error, "");
      EXPECT_EQ(end.results, std::vector<Floats>(3, expected));
      EXPECT_EQ(end.stats.servers, 4);
      EXPECT_FALSE(end.stats.fell_back);
    }
  }
}

TEST(ResilientAllReduce, AbortTellsAllRanksWhoDiedAndHowFarItGot) {
  const auto ends = run({.faults = {parse_fault("dead:2@10")}});
  for (const int rank : {0, 1, 3}) {
    EXPECT_EQ(ends[rank].results.size(), 1u);
    EXPECT_THAT(ends[rank].error, HasSubstr("rank 2 is gone"));
    EXPECT_THAT(ends[rank].error, HasSubstr("[optinc all-reduce number 2: "));
    EXPECT_THAT(ends[rank].error, HasSubstr(" of 20000 bytes done]"));
    EXPECT_LT(ends[rank].seconds, 10);
  }
}

// Wherever a rank dies, in whichever call: the others agree on which calls were over all four, and go on over three.
TEST(ResilientAllReduce, SurvivorsGoOnWithTheSameResultsWhereverARankDies) {
  const Floats of_all = average_of({0, 1, 2, 3}, 5000), of_three = average_of({0, 1, 3}, 5000);
  for (std::uint64_t exchange = 1; exchange <= 24; ++exchange) {
    SCOPED_TRACE(exchange);
    Fault fault = parse_fault("dead:2");
    fault.exchange = exchange;
    const auto ends = run({.on_fault = OnFault::survivors, .faults = {fault}});
    for (const int rank : {0, 1, 3}) {
      ASSERT_EQ(ends[rank].error, "");
      ASSERT_EQ(ends[rank].results, ends[0].results);
      ASSERT_EQ(ends[rank].results.size(), 3u);
    }
    // In the last exchange of a call, where all have the result, it stands if all the others had come that far.
    for (std::uint64_t call = 0; call < 3; ++call) {
      const Floats& result = ends[0].results[call];
      EXPECT_TRUE(result == of_all || result == of_three);
      if (exchange < 8 * (call + 1)) {
        EXPECT_EQ(result, of_three);
      }
      if (exchange > 8 * (call + 1)) {
        EXPECT_EQ(result, of_all);
      }
    }
    EXPECT_EQ(ends[0].stats.servers, ends[0].results.back() == of_three ? 3 : 4);
  }
}

TEST(ResilientAllReduce, SurvivorsOfTwoDeaths) {
  const auto ends =
      run({.on_fault = OnFault::survivors, .faults = {parse_fault("dead:0@3"), parse_fault("dead:3@12")}});
  const Floats of_two = average_of({1, 2}, 5000);
  for (const int rank : {1, 2}) {
    EXPECT_EQ(ends[rank].error, "");
    EXPECT_EQ(ends[rank].results.back(), of_two);
    EXPECT_EQ(ends[rank].stats.servers, 2);
  }
}

TEST(ResilientAllReduce, ARankThatIsTooLateIsLeftBehindAndToldSo) {
  const auto ends =
      run({.on_fault = OnFault::survivors, .faults = {parse_fault("slow:1:3@4")}, .deadline_s = 0.5, .calls = 2});
  const Floats of_three = average_of({0, 2, 3}, 5000);
  for (const int rank : {0, 2, 3}) {
    EXPECT_EQ(ends[rank].error, "");
    EXPECT_EQ(ends[rank].results.back(), of_three);
  }
  EXPECT_THAT(ends[1].error, HasSubstr("rank 1 of 4: excluded: the others went on without this rank"));
}

TEST(ResilientAllReduce, ARankThatComesInTimeForTheRegroupingStaysIn) {
  const auto ends =
      run({.on_fault = OnFault::survivors, .faults = {parse_fault("slow:1:3@4")}, .deadline_s = 2, .calls = 2});
  for (const End& end : ends) {
    EXPECT_EQ(end.error, "");
    EXPECT_EQ(end.results, std::vector<Floats>(2, average_of({0, 1, 2, 3}, 5000)));
  }
}

TEST(ResilientAllReduce, ACorruptedMessageIsNeverASilentlyWrongSum) {
  const Floats expected = average_of({0, 1, 2, 3}, 5000);
  for (const auto* fault : {"corrupt:3@1", "corrupt:3@4", "corrupt:3@7"}) {
    SCOPED_TRACE(fault);
    const auto aborted = run({.faults = {parse_fault(fault)}});
    EXPECT_THAT(aborted[3].error, HasSubstr(": corrupted on the way"));
    for (const End& end : aborted) EXPECT_THAT(end.error, HasSubstr("of 20000 bytes done]"));
    for (const End& end : run({.on_fault = OnFault::survivors, .faults = {parse_fault(fault)}})) {
      EXPECT_EQ(end.error, "");
      EXPECT_EQ(end.results, std::vector<Floats>(3, expected));
      EXPECT_EQ(end.stats.servers, 4);
    }
  }
}

TEST(ResilientAllReduce, TheRingTakesOverForTheCallThatFailed) {
  const auto ends = run({.on_fault = OnFault::ring, .faults = {parse_fault("corrupt:3@4")}});
  const Floats by_light = average_of({0, 1, 2, 3}, 5000);
  for (const End& end : ends) {
    ASSERT_EQ(end.error, "");
    EXPECT_EQ(end.results, ends[0].results);
    EXPECT_EQ(end.results[1], by_light);
    EXPECT_FALSE(end.stats.fell_back);
  }
  for (std::size_t i = 0; i < 5000; ++i) {
    double sum = 0;
    for (int rank = 0; rank < 4; ++rank) sum += gradient_of(rank, i + 1)[i];
    if (i % 500 == 0) {
      EXPECT_NEAR(ends[0].results[0][i], sum / 4, 1e-6);
    }
  }
}

TEST(ResilientAllReduce, TheRingNeedsAllRanks) {
  const auto ends = run({.on_fault = OnFault::ring, .faults = {parse_fault("dead:2@4")}});
  for (const int rank : {0, 1, 3}) {
    EXPECT_THAT(ends[rank].error, HasSubstr("; the ring needs all 4 ranks, 3 are there"));
  }
}

TEST(ResilientAllReduce, ALostPortIsToldOrLeftOutOrGoneRound) {
  for (const End& end : run({.lost_ports = {2}})) {
    EXPECT_THAT(end.error, HasSubstr("no light from port 2: the average would lack a server"));
  }
  const auto by_ring = run({.on_fault = OnFault::ring, .lost_ports = {2}});
  for (const End& end : by_ring) {
    EXPECT_EQ(end.error, "");
    EXPECT_TRUE(end.stats.fell_back);
    EXPECT_EQ(end.stats.servers, 4);
  }
  const auto without = run({.on_fault = OnFault::survivors, .lost_ports = {2}});
  for (const End& end : without) {
    EXPECT_EQ(end.error, "");
    EXPECT_EQ(end.stats.servers, 3);
    EXPECT_EQ(end.results, without[0].results);
  }
}

TEST(ResilientAllReduce, RefusesWhatCanNotBe) {
  ThreadHub hub(2);
  EXPECT_THROW(OpticalAllReduce(hub.transport(0), device(), {.faults = {.lost_ports = {2}}}), base::InputError);
  EXPECT_THROW(parse_on_fault("pray"), base::InputError);
}

TEST(Fault, IsWrittenAsItIsRead) {
  for (const auto* text : {"dead:2@100", "stop:1:5@100", "slow:0:0.5@1", "corrupt:3@7"}) {
    EXPECT_EQ(to_string(parse_fault(text)), text);
  }
  EXPECT_EQ(to_string(parse_fault("dead:2")), "dead:2@1");
  for (const auto* text : {"", "dead", "dead:", "dead:x", "dead:-1", "dead:1:2", "slow:1", "slow:1:x", "slow:1:-2",
                           "corrupt:1@", "corrupt:1@0", "corrupt:1@x", "late:1"}) {
    EXPECT_THROW(parse_fault(text), base::InputError) << text;
  }
}

}  // namespace
}  // namespace optinc::collective
