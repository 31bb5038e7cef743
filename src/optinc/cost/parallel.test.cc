#include "optinc/cost/parallel.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "optinc/base/error.h"
#include "optinc/cost/testing.h"

namespace optinc::cost {
namespace {

/// 4 layers of 8 x 8 tokens' worth: small enough to work out.
ParallelQuestion question(int servers) {
  ParallelQuestion made{.servers = servers, .sequences = 16};
  made.scenario.model = transformer(
      "tiny",
      {.layers = 4, .hidden = 8, .ffn_hidden = 16, .heads = 4, .key_value_heads = 4, .vocab = 10, .context = 8});
  made.scenario.system = plain_system();
  made.scenario.step.update_bytes_per_parameter = 0;
  return made;
}

TEST(Parallel, OneServerOnlyComputes) {
  const PlanCost cost = plan_cost(question(1), {});
  EXPECT_EQ(cost.micro_batches, 16);
  EXPECT_NEAR(cost.seconds(), question(1).scenario.model.training_flop() * 16 / 1e9, 1e-12);
}

// 4 stages, 16 micro-batches: 3/16 of the work is waited for. Two messages of 1 ms a micro-batch.
TEST(Parallel, PipelinesWaitForTheirFirstAndLast) {
  const PlanCost cost = plan_cost(question(4), {.pipeline = 4});
  EXPECT_NEAR(cost.pipeline_s, 2 * 16 * (1e-3 + 64 * 2 / 1e9), 1e-9);
  EXPECT_NEAR(cost.bubble_s, 3.0 / 16 * (cost.compute_s + cost.pipeline_s), 1e-12);
}

// 4 layers x 4 all-reduces x 16 micro-batches; the switch does one in 1 ms and 128 bytes.
TEST(Parallel, TensorsAreAllReducedFourTimesALayer) {
  const PlanCost cost = plan_cost(question(4), {.tensor = 4});
  EXPECT_NEAR(cost.tensor_s, 256 * (1e-3 + 128 / 1e9), 1e-8);
  const PlanCost light = plan_cost(question(4), {.tensor = 4, .of_activations = Network::light});
  EXPECT_NEAR(light.tensor_s, 256 * (3e-3 + (64 + 2 * 2) / 1e9), 1e-6);  // a pass, two rounds for its one scale
}

// Rabenseifner's halves: 2 rounds with three quarters in all, there and back.
TEST(Parallel, ShardedDataIsReducedAndGathered) {
  const ParallelQuestion asked = question(4);
  const auto parameters = static_cast<double>(asked.scenario.model.parameters());
  const PlanCost cost = plan_cost(asked, {.data = 4, .sharded = true});
  EXPECT_NEAR(cost.data_s, 4e-3 + 1.5 * parameters * 2 / 1e9, 1e-8);
  EXPECT_LT(cost.memory_bytes, plan_cost(asked, {.data = 4}).memory_bytes);
}

// A fourth of each layer; 10 bytes an element of hidden are whole at every server. 8 tokens x 8, 4 layers.
TEST(Parallel, ActivationsAreOnlyPartlySplit) {
  const double whole = plan_cost(question(1), {}).memory_bytes;
  const double split = plan_cost(question(4), {.tensor = 4}).memory_bytes;
  const auto parameters = static_cast<double>(question(1).scenario.model.parameters());
  EXPECT_NEAR(whole, parameters * 16 + 34 * 64 * 4, 1e-6);
  EXPECT_NEAR(split, parameters * 4 + (10 + 6) * 64 * 4, 1e-6);
}

// The last of 4 stages has a layer and the output matrix.
TEST(Parallel, TheSlowestStageCounts) {
  const Model model = question(1).scenario.model;
  const double flop = model.parts[1].forward_flop + model.parts.back().forward_flop;
  EXPECT_NEAR(plan_cost(question(4), {.pipeline = 4}).compute_s, 3 * flop * 16 / 1e9, 1e-12);
}

TEST(Parallel, TheBestPlanIsTheFastestThatFits) {
  ParallelQuestion asked = question(8);
  const std::vector<PlanCost> all = best_plans(asked, Network::electrical, Network::electrical, 1000);
  ASSERT_GT(all.size(), 4);
  EXPECT_TRUE(std::ranges::is_sorted(all, {}, &PlanCost::seconds));
  for (const PlanCost& cost : all) EXPECT_EQ(cost.plan.servers(), 8);
  // Too little memory for any plan, and for all but the leanest.
  asked.scenario.system.server.memory_bytes = 1;
  EXPECT_TRUE(best_plans(asked, Network::electrical, Network::electrical).empty());
  const auto leanest = std::ranges::min_element(all, {}, &PlanCost::memory_bytes);
  asked.scenario.system.server.memory_bytes = leanest->memory_bytes;
  for (const PlanCost& cost : best_plans(asked, Network::electrical, Network::electrical))
    EXPECT_EQ(cost.memory_bytes, leanest->memory_bytes);
}

TEST(Parallel, LightIsOnlyWhereItIsAskedFor) {
  for (const PlanCost& cost : best_plans(question(8), Network::light, Network::electrical)) {
    EXPECT_EQ(cost.plan.of_gradients, Network::light);
    EXPECT_EQ(cost.plan.of_activations, Network::electrical);
  }
  EXPECT_EQ(std::ranges::count_if(exchanges(), [](const Exchange& one) { return one.by_light; }), 3);
}

TEST(Parallel, RefusesWhatDoesNotDivide) {
  EXPECT_THROW(plan_cost(question(4), {.tensor = 2}), base::InputError);
  EXPECT_THROW(plan_cost(question(3), {.tensor = 3}), base::InputError);
  EXPECT_THROW(plan_cost(question(8), {.pipeline = 8}), base::InputError);
  EXPECT_THROW(plan_cost(question(32), {.data = 32}), base::InputError);
  ParallelQuestion images = question(4);
  images.scenario.model = named_model("resnet50");
  EXPECT_THROW(best_plans(images, Network::electrical, Network::electrical), base::InputError);
}

}  // namespace
}  // namespace optinc::cost
