#include "optinc/cost/topology.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "optinc/base/error.h"
#include "optinc/cost/testing.h"

namespace optinc::cost {
namespace {

TopologyCost on(Topology topology, int servers, const System& system = plain_system()) {
  return all_reduce_on(topology, megabytes(servers), system);
}

// 64 servers on 4-port devices: 16 + 4 + 1.
TEST(Topology, CascadesByHand) {
  const TopologyCost found = on(Topology::cascade, 64);
  EXPECT_EQ(found.levels, 3);
  EXPECT_EQ(found.devices, 21);
  EXPECT_EQ(found.roundings, 1);
  EXPECT_EQ(found.least_step, 1.0 / 64);
  EXPECT_EQ(found.cut_by_leaf, 4);
  EXPECT_EQ(found.cut_by_root, 64);
  EXPECT_EQ(on(Topology::cascade, 61).idle_ports, 3);
}

// One device tells apart 1/64 of a level, as a cascade's last one does.
TEST(Topology, HighRadixIsOneDevice) {
  const TopologyCost found = on(Topology::high_radix, 64);
  EXPECT_EQ(found.devices, 1);
  EXPECT_EQ(found.least_step, 1.0 / 64);
  EXPECT_EQ(found.cut_by_leaf, 64);
}

// Three passes of 1 MB with two reconfigurations of 1 ms between them: as many bytes three times, and decimals lost
// three times.
TEST(Topology, CircuitsPassSeveralTimes) {
  System system = plain_system();
  system.parts.reconfiguration_s = 1e-3;
  const TopologyCost found = on(Topology::circuits, 64, system);
  EXPECT_EQ(found.devices, 16);
  EXPECT_EQ(found.cut_by_root, 64);
  EXPECT_EQ(found.roundings, 3);
  EXPECT_NEAR(found.cost.seconds.wire, 3e-3, 1e-12);
  EXPECT_NEAR(found.cost.seconds.reconfiguration, 2e-3, 1e-12);
}

// Switches above 16 leaves add 1 MB as it comes: no more wire than the leaf's own. Half an uplink takes twice as long.
TEST(Topology, SwitchesAboveLeavesAddAsItComes) {
  const TopologyCost found = on(Topology::fat_tree, 64);
  EXPECT_EQ(found.levels, 2);
  EXPECT_EQ(found.roundings, 2);
  EXPECT_NEAR(found.cost.seconds.wire, 1e-3, 1e-12);
  EXPECT_NEAR(all_reduce_on(Topology::fat_tree, megabytes(64), plain_system(), {.uplink = 0.5}).cost.seconds.wire, 2e-3,
              1e-12);
}

// Averages of equal weight need as many places as a power: 12 servers stand on 4 devices of 4, not on 3.
TEST(Topology, CircuitsNeedAPowerOfPlaces) {
  const TopologyCost found = on(Topology::circuits, 12);
  EXPECT_EQ(found.devices, 4);
  EXPECT_EQ(found.idle_ports, 4);
}

// Quantising 4 MB at 2 GB/s of memory takes 7 ms; behind a wire of 10 ms only a piece of it is seen.
TEST(Topology, QuantisingHidesBehindSlowUplinks) {
  System system = plain_system();
  system.parts.software_s = 0;
  system.server.memory_bytes_per_s = 2e9;
  const TopologyCost found = all_reduce_on(Topology::fat_tree, megabytes(64), system, {.uplink = 0.1});
  EXPECT_NEAR(found.cost.seconds.wire, 10e-3, 1e-9);
  EXPECT_LT(found.cost.seconds.accelerator, 1e-3);
}

// Processors at 16 leaves send 2 x 15/16 MB.
TEST(Topology, DragonflyProcessorsSendTwice) {
  EXPECT_NEAR(on(Topology::dragonfly, 64).cost.seconds.wire, 1.875e-3, 1e-12);
}

// One device is one device, whatever it is called.
TEST(Topology, AllAreTheSameForFourServers) {
  for (const Topology topology : topologies()) {
    const TopologyCost found = on(topology, 4);
    EXPECT_EQ(found.devices, 1) << to_string(topology);
    EXPECT_EQ(found.roundings, 1) << to_string(topology);
    EXPECT_NEAR(found.cost.seconds.sum(), on(Topology::cascade, 4).cost.seconds.sum(), 1e-12) << to_string(topology);
  }
}

RC_GTEST_PROP(Topology, PortsAreUsedOrIdle, ()) {
  System system = plain_system();
  system.device.ports = *rc::gen::inRange(2, 65);
  const int servers = *rc::gen::inRange(1, 65537);
  for (const Topology topology : {Topology::cascade, Topology::fat_tree, Topology::dragonfly}) {
    const TopologyCost found = on(topology, servers, system);
    RC_ASSERT((servers + found.idle_ports) % system.device.ports == 0);
    RC_ASSERT(found.idle_ports < system.device.ports);
    RC_ASSERT(found.cost.seconds.sum() >= 0);
  }
}

// 10 leaves of 4: jobs of 5, 16 and 9 take 2, 4 and 3 of them; a further 8 find only one left.
TEST(Topology, JobsDoNotShareADevice) {
  const std::vector<Placement> placed = place({5, 16, 9, 8, 4}, 10, 4);
  EXPECT_EQ(placed[0].leaves, 2);
  EXPECT_EQ(placed[0].idle_ports, 3);
  EXPECT_EQ(placed[1].first_leaf, 2);
  EXPECT_EQ(placed[2].first_leaf, 6);
  EXPECT_FALSE(placed[3].placed);
  EXPECT_TRUE(placed[4].placed);
  EXPECT_EQ(placed[4].first_leaf, 9);
}

TEST(Topology, ADeadLeafLeavesChoices) {
  System system = plain_system();
  system.parts.reconfiguration_s = 0.5;
  const std::vector<Fallback> choices = after_a_dead_leaf(megabytes(64), system, 1);
  ASSERT_EQ(choices.size(), 3);
  EXPECT_EQ(choices[1].servers, 60);
  EXPECT_EQ(choices[2].once_s, 0.5);
  EXPECT_GT(choices[0].step_s, choices[2].step_s);
  EXPECT_EQ(after_a_dead_leaf(megabytes(4), system, 1).size(), 2);  // nobody survives
}

TEST(Topology, RefusesWhatCannotBe) {
  EXPECT_THROW(parse_topology("torus"), base::InputError);
  EXPECT_EQ(parse_topology("dragonfly"), Topology::dragonfly);
  EXPECT_THROW(all_reduce_on(Topology::cascade, megabytes(0), plain_system()), base::InputError);
  EXPECT_THROW(all_reduce_on(Topology::cascade, megabytes(4), plain_system(), {.uplink = 0}), base::InputError);
  EXPECT_THROW(place({0}, 4, 4), base::InputError);
}

}  // namespace
}  // namespace optinc::cost
