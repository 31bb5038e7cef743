#include "optinc/cost/reduction.h"

#include <algorithm>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "optinc/base/error.h"
#include "optinc/collective/traffic.h"
#include "optinc/cost/testing.h"

namespace optinc::cost {
namespace {

const collective::Traffic& named(const std::vector<collective::Traffic>& traffic, const std::string& name) {
  return *std::ranges::find(traffic, name, &collective::Traffic::algorithm);
}

// Figure 6 of the paper: 1.5, 1.75, 1.875 at 4, 8, 16 servers.
TEST(Reduction, RingMovesWhatThePaperSays) {
  const System system = plain_system();
  for (const auto& [servers, normalised] : {std::pair(4, 1.5), {8, 1.75}, {16, 1.875}}) {
    EXPECT_DOUBLE_EQ(ring(megabytes(servers), system, Route{}).port_bytes,
                     normalised * megabytes(servers).gradient_bytes());
  }
}

// 2 x 3 rounds of 1 MB at 1 GB/s and 1 ms: 6 x 2 ms.
TEST(Reduction, RingByHand) {
  const Cost cost = ring(megabytes(4), plain_system(), Route{});
  EXPECT_EQ(cost.rounds, 6);
  EXPECT_NEAR(cost.seconds.sum(), 12e-3, 1e-9);
}

// 2 log2 4 rounds of 1 ms, 6 MB.
TEST(Reduction, RabenseifnerByHand) {
  const Cost cost = rabenseifner(megabytes(4), plain_system(), Route{});
  EXPECT_EQ(cost.rounds, 4);
  EXPECT_NEAR(cost.seconds.sum(), 10e-3, 1e-9);
}

// 6 servers: two hand over their 4 MB first and get the result last (8 ms beside the 6 of four servers), two rounds
// more.
TEST(Reduction, RabenseifnerOfSixByHand) {
  const Cost cost = rabenseifner(megabytes(6), plain_system(), Route{});
  EXPECT_EQ(cost.rounds, 6);
  EXPECT_NEAR(cost.seconds.wire, 14e-3, 1e-9);
}

// 1 ms of software and 4 MB at 1 GB/s; nothing else in this system takes time.
TEST(Reduction, SwitchByHand) {
  EXPECT_NEAR(in_network_switch(megabytes(4), plain_system()).seconds.sum(), 5e-3, 1e-9);
}

// A buffer of 1 kB and a round trip of 2 us: 500 MB/s instead of 1 GB/s.
TEST(Reduction, SmallBuffersSlowTheSwitch) {
  System system = plain_system();
  system.parts.fibre_s = 1e-6;
  system.parts.switch_buffer_bytes = 1000;
  EXPECT_NEAR(in_network_switch(megabytes(4), system).seconds.wire, 8e-3, 1e-9);
}

// 1 MB of codes, 1 ms to launch it. Scales: 3,907 blocks of 2 bytes, 2 rounds of doubling: 2 ms of latency and twice
// the bytes.
TEST(Reduction, OpticsByHand) {
  const Cost cost = optinc(megabytes(4), plain_system(), Route{});
  EXPECT_EQ(cost.rounds, 1);
  EXPECT_DOUBLE_EQ(cost.port_bytes, 1e6);
  EXPECT_NEAR(cost.scale_bytes, 2 * 7814, 1);
  EXPECT_NEAR(cost.seconds.wire, 1e-3, 1e-12);
  EXPECT_NEAR(cost.seconds.scales, 2e-3 + 15.6e-6, 1e-7);
  EXPECT_NEAR(cost.seconds.sum(), 1e-3 + 1e-3 + 2e-3 + 15.6e-6, 1e-7);
}

// 16 servers on 4-port devices: two levels, 4 fibres, one regeneration; light passes two devices.
TEST(Reduction, CascadesAddTransitAndConversions) {
  System system = plain_system();
  system.parts.fibre_s = 1e-7;
  system.parts.conversion_s = 1e-6;
  system.parts.column_s = 1e-9;
  system.device.columns = 100;
  const Cost one = optinc(megabytes(4), system, Route{}), two = optinc(megabytes(16), system, Route{});
  EXPECT_NEAR(one.seconds.transit, 1e-7, 1e-15);
  EXPECT_NEAR(two.seconds.transit, 2e-7, 1e-15);
  EXPECT_NEAR(two.seconds.flight - one.seconds.flight, 2e-7, 1e-15);
  EXPECT_NEAR(two.seconds.conversion - one.seconds.conversion, 2e-6, 1e-15);
  EXPECT_NEAR(optinc(megabytes(16), system, Route{}, false).seconds.conversion, 2e-6, 1e-15);
}

TEST(Reduction, FatTreesGrowByLevels) {
  EXPECT_EQ(fat_tree_route(64, 64).switches, 1);
  EXPECT_EQ(fat_tree_route(65, 64).switches, 3);
  EXPECT_EQ(fat_tree_route(2048, 64).switches, 3);
  EXPECT_EQ(fat_tree_route(2049, 64).switches, 5);
  EXPECT_EQ(fat_tree_route(65536, 64).switches, 5);
  EXPECT_EQ(cascade_levels(4, 4), 1);
  EXPECT_EQ(cascade_levels(5, 4), 2);
  EXPECT_EQ(cascade_levels(65536, 4), 8);
}

// 16 servers, 8 hops; 4 pieces, 2 in flight: 3 pieces of 2 MB at a port, then 8 hops of a message and a piece of 0.5
// MB, down beside the other child's.
TEST(Reduction, DoubleTreeByHand) {
  System system = plain_system();
  system.parts.software_s = 1e-4;
  const Cost cost = double_tree(megabytes(16), system, Route{}, 4, 2);
  EXPECT_NEAR(cost.seconds.wire, 6e-3 + 6e-3, 1e-9);
  EXPECT_NEAR(cost.seconds.software, 0.8e-3, 1e-9);
}

// Quantising 4 MB moves 14 MB; at 7 GB/s that is 2 ms beside 1 ms of wire (and 11.7 us of scales, halved and doubled).
// In n pieces all but 1/n of the wire hides.
TEST(Reduction, PiecesHideTheWireBehindQuantising) {
  System system = plain_system();
  system.server.memory_bytes_per_s = 7e9;
  system.parts.software_s = 0;
  Reduction question = megabytes(4);
  question.pieces = 10;
  EXPECT_NEAR(optinc(question, system, Route{}).seconds.sum(), 2e-3 + 0.1 * (1e-3 + 11.7e-6), 1e-6);
  question.fused = true;
  EXPECT_NEAR(optinc(question, system, Route{}).seconds.sum(), 1e-3 + 11.7e-6, 1e-6);
}

// More pieces take launches: three each at 4 servers.
TEST(Reduction, PiecesAreLaunched) {
  Reduction question = megabytes(4);
  const double best = optinc(question, plain_system(), Route{}).seconds.sum();
  question.pieces = 10;
  EXPECT_NEAR(optinc(question, plain_system(), Route{}).seconds.software, 1e-3 + 9 * 3e-3 - (1e-3 + 15.6e-6), 1e-6);
  EXPECT_LT(best, optinc(question, plain_system(), Route{}).seconds.sum());
}

TEST(Reduction, OneServerSendsNothing) {
  for (const bool coded : {false, true}) {
    Reduction alone = megabytes(1);
    alone.coded = coded;
    for (const Cost& cost : all_reduces(alone, plain_system())) EXPECT_EQ(cost.seconds.sum(), 0) << cost.algorithm;
  }
}

// Its latency grows with log N, a ring's with N.
TEST(Reduction, DoubleTreeIsFasterThanARingForManyServers) {
  const Reduction many = megabytes(1024);
  EXPECT_LT(double_tree(many, plain_system(), Route{}).seconds.sum(),
            ring(many, plain_system(), Route{}).seconds.sum());
}

RC_GTEST_PROP(Reduction, BytesAndRoundsAreThoseOfTheAlgorithms, ()) {
  const int servers = *rc::gen::inRange(2, 40);
  // A whole number of parts, so that none is larger than the others.
  const std::uint64_t elements = servers * *rc::gen::inRange<std::uint64_t>(1, 1000) * 64;
  const Reduction question{.elements = elements, .servers = servers};
  const auto traffic = collective::traffic_of({.elements = elements, .servers = servers});
  const System system = plain_system();
  const Cost by_ring = ring(question, system, Route{});
  RC_ASSERT(by_ring.rounds == named(traffic, "ring").rounds);
  RC_ASSERT(std::abs(by_ring.port_bytes - static_cast<double>(named(traffic, "ring").sent_bytes)) < 1);
  const Cost by_halving = rabenseifner(question, system, Route{});
  RC_ASSERT(by_halving.rounds == named(traffic, "rabenseifner").rounds);
  // Parts of a power of two may be uneven by a grain, at each of its levels.
  RC_ASSERT(std::abs(by_halving.port_bytes - static_cast<double>(named(traffic, "rabenseifner").sent_bytes)) <= 4 * 64);
  const Cost by_light = optinc(question, system, Route{});
  const double scales = static_cast<double>((elements + 255) / 256 * 2);
  RC_ASSERT(by_light.port_bytes + scales == static_cast<double>(named(traffic, "optinc").sent_bytes));
}

RC_GTEST_PROP(Reduction, NoTimeIsNegativeAndMoreTakesLonger, ()) {
  System system = plain_system();
  system.server.memory_bytes_per_s = *rc::gen::inRange(1, 1000) * 1e8;
  system.parts.fibre_s = *rc::gen::inRange(0, 100) * 1e-8;
  system.parts.conversion_s = *rc::gen::inRange(0, 100) * 1e-8;
  system.parts.switch_buffer_bytes = *rc::gen::inRange(0, 5) * 1e4;
  const int servers = *rc::gen::inRange(1, 65537);
  const auto elements = *rc::gen::inRange<std::uint64_t>(0, 100'000'000);
  const Reduction question{.elements = elements, .servers = servers},
      twice{.elements = 2 * elements, .servers = servers};
  const auto once = all_reduces(question, system), more = all_reduces(twice, system);
  for (std::size_t i = 0; i < once.size(); ++i) {
    const Seconds& s = once[i].seconds;
    for (const double part : {s.software, s.flight, s.conversion, s.transit, s.scales, s.wire, s.accelerator}) {
      RC_ASSERT(part >= 0);
    }
    RC_ASSERT(more[i].seconds.sum() >= s.sum());
    RC_ASSERT(more[i].joules >= once[i].joules);
  }
}

TEST(Reduction, RefusesWhatCannotBe) {
  Reduction question = megabytes(0);
  EXPECT_THROW(ring(question, plain_system(), Route{}), base::InputError);
  question.servers = 65537;
  EXPECT_THROW(optinc(question, plain_system(), Route{}), base::InputError);
  System system = plain_system();
  system.server.links = 0;
  EXPECT_THROW(ring(megabytes(4), system, Route{}), base::InputError);
}

}  // namespace
}  // namespace optinc::cost
