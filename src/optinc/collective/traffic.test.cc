#include "optinc/collective/traffic.h"

#include <algorithm>
#include <memory>
#include <mutex>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "optinc/base/error.h"
#include "optinc/collective/electrical_all_reduce.h"
#include "optinc/collective/in_network_all_reduce.h"
#include "optinc/collective/int32_switch.h"
#include "optinc/collective/optical_network.h"
#include "optinc/collective/thread_transport.h"
#include "optinc/fabric/integer_fabric.h"

namespace optinc::collective {
namespace {

/// Rounds, and bytes of the busiest port, as the ranks count them when they do it.
Traffic counted(int ranks, std::size_t count, const std::function<std::unique_ptr<AllReduce>(Transport&)>& make) {
  Traffic most;
  std::mutex mutex;
  run_ranks(ranks, {}, [&](Transport& transport) {
    std::vector<float> values(count);
    const auto all_reduce = make(transport);
    const AllReduceStats stats = all_reduce->average(values, 0);
    const std::lock_guard lock(mutex);
    most.algorithm = all_reduce->name();
    most.rounds = stats.rounds;
    most.sent_bytes = std::max(most.sent_bytes, stats.wire_bytes);
  });
  return most;
}

RC_GTEST_PROP(Traffic, IsWhatTheAlgorithmsCount, ()) {
  const int ranks = *rc::gen::inRange(1, 10);
  const auto count = *rc::gen::inRange<std::size_t>(0, 600);
  const fabric::IntegerFabric fabric(16, 8, codec::Rounding::floor);
  const TrafficQuestion question{.elements = count, .servers = ranks, .quantiser = {.bits = 8, .block = 32}};
  const OpticalNetwork optics(fabric, {.quantiser = question.quantiser, .dark_ports = {}});
  const Int32Switch electrical(ranks, 32);
  const std::vector<Traffic> expected = traffic_of(question);
  const std::vector<Traffic> all = {
      counted(ranks, count, [](Transport& t) { return std::make_unique<RingAllReduce>(t); }),
      counted(ranks, count, [](Transport& t) { return std::make_unique<RabenseifnerAllReduce>(t); }),
      counted(ranks, count, [](Transport& t) { return std::make_unique<TreeAllReduce>(t); }),
      counted(ranks, count, [&](Transport& t) { return std::make_unique<InNetworkAllReduce>(t, electrical); }),
      counted(ranks, count, [&](Transport& t) { return std::make_unique<InNetworkAllReduce>(t, optics); })};
  RC_ASSERT(expected.size() == all.size());
  for (std::size_t i = 0; i < all.size(); ++i) {
    RC_ASSERT(all[i].algorithm == expected[i].algorithm);
    RC_ASSERT(all[i].rounds == expected[i].rounds);
    RC_ASSERT(all[i].sent_bytes == expected[i].sent_bytes);
  }
}

// 64 MiB of float32, 4 servers, 8 bits, blocks of 256: a ring sends 1.5 S; light a quarter and 2 bytes a block.
TEST(Traffic, WorkedByHand) {
  const std::uint64_t elements = std::uint64_t{1} << 24;
  const auto traffic = traffic_of({.elements = elements, .servers = 4, .quantiser = {}});
  EXPECT_EQ(traffic[0].sent_bytes, 6 * elements);
  EXPECT_EQ(traffic[1].sent_bytes, 6 * elements);
  EXPECT_EQ(traffic[2].sent_bytes, 8 * elements);
  EXPECT_EQ(traffic[3].sent_bytes, 4 * elements + elements / 256);
  EXPECT_EQ(traffic[4].sent_bytes, elements + elements / 128);
  EXPECT_DOUBLE_EQ(traffic[0].seconds(1e-6, 100e9), 6e-6 + 6.0 * static_cast<double>(elements) / 100e9);
}

TEST(Traffic, RefusesWhatCanNotBe) {
  EXPECT_THROW(traffic_of({.servers = 0, .quantiser = {}}), base::InputError);
  EXPECT_THROW(traffic_of({.servers = 4, .quantiser = {.bits = 1}}), base::InputError);
}

}  // namespace
}  // namespace optinc::collective
