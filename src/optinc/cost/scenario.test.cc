#include "optinc/cost/scenario.h"

#include <gtest/gtest.h>

#include "optinc/cost/testing.h"

namespace optinc::cost {
namespace {

Scenario scenario() {
  return {.model = {"one", "sample", {{"all", 1'000'000, 1e6}}, std::nullopt},
          .system = plain_system(),
          .step = {.samples = 1, .update_bytes_per_parameter = 0}};
}

// 3 ms of arithmetic; a ring of 12 ms, the optics as in reduction.test.cc.
TEST(Scenario, AnswersWithEveryAlgorithm) {
  const Answer made = answer(scenario());
  ASSERT_EQ(made.others.size(), 4);
  EXPECT_EQ(made.ring().all_reduce.algorithm, "ring");
  EXPECT_NEAR(made.ring().step.seconds(), 15e-3, 1e-9);
  EXPECT_EQ(made.best_other().all_reduce.algorithm, "switch");
  EXPECT_NEAR(made.optinc.step.seconds(), 7.0156e-3, 1e-7);
  EXPECT_NEAR(made.saved(made.ring()), 1 - 7.0156 / 15, 1e-4);
}

// At equal bits a ring sends a quarter, 6 x (1 + 0.25) ms; scales cost it as much as the optics, 2.0156 ms.
TEST(Scenario, TellsEqualBitsApart) {
  const Answer made = answer(scenario());
  EXPECT_NEAR(made.equal_bits.front().all_reduce.seconds.sum(), 9.5156e-3, 1e-7);
  EXPECT_NEAR(made.best_at_equal_bits().all_reduce.seconds.sum(), 4.0156e-3, 1e-7);  // the switch: 1 ms, 1 MB, scales
}

TEST(Scenario, TheNumberThatMovesMostComesFirst) {
  const Scenario one = scenario();
  const Answer made = answer(one);
  const double as_is = made.saved(made.ring());
  const std::vector<Sensitivity> all = sensitivities(one, as_is);
  for (std::size_t i = 1; i < all.size(); ++i) EXPECT_GE(all[i - 1].moves(as_is), all[i].moves(as_is));
  EXPECT_GT(all.front().moves(as_is), 0);
  EXPECT_EQ(all.back().moves(as_is), 0);  // nothing of this system takes light's time
}

// 0.6 s to launch a message may be halved, not doubled: it is left out, the others are not.
TEST(Scenario, NumbersThatCannotBeDoubledAreLeftOut) {
  Scenario slow = scenario();
  slow.system.parts.software_s = 0.6;
  for (const Sensitivity& each : sensitivities(slow, 0)) EXPECT_NE(each.number, "software latency");
  EXPECT_FALSE(sensitivities(slow, 0).empty());
}

// A message of 1 ms and scales to agree on: small tensors are the switch's, at any number of servers.
TEST(Scenario, FindsWhereTheOpticsLose) {
  const std::vector<Loss> found = losses(scenario(), false);
  ASSERT_EQ(found.size(), 9);
  for (const Loss& loss : found) {
    EXPECT_GT(loss.factor, 1);
    Scenario one = scenario();
    one.servers = loss.servers;
    const auto costs = all_reduces(one.reduction(loss.elements), one.system);
    EXPECT_GT(costs.back().seconds.sum(), costs[3].seconds.sum());
  }
  EXPECT_EQ(found.back().winner, "switch");
  EXPECT_LE(found.back().worst_elements, found.back().elements);
  EXPECT_EQ(found.back().largest, "agreeing on scales");
}

}  // namespace
}  // namespace optinc::cost
