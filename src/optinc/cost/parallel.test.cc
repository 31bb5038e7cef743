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
  const PlanCost light = plan_cost(question(4), {.tensor = 4, .tensor_by_light = true});
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

TEST(Parallel, TheBestPlanIsTheFastestThatFits) {
  ParallelQuestion asked = question(8);
  const std::vector<PlanCost> all = best_plans(asked, Light::none, 1000);
  ASSERT_GT(all.size(), 4);
  EXPECT_TRUE(std::ranges::is_sorted(all, {}, &PlanCost::seconds));
  for (const PlanCost& cost : all) EXPECT_EQ(cost.plan.servers(), 8);
  // Too little memory for any plan, and for all but the leanest.
  asked.scenario.system.server.memory_bytes = 1;
  EXPECT_TRUE(best_plans(asked, Light::none).empty());
  const auto leanest = std::ranges::min_element(all, {}, &PlanCost::memory_bytes);
  asked.scenario.system.server.memory_bytes = leanest->memory_bytes;
  for (const PlanCost& cost : best_plans(asked, Light::none)) EXPECT_EQ(cost.memory_bytes, leanest->memory_bytes);
}

TEST(Parallel, LightIsOnlyWhereItIsAskedFor) {
  for (const PlanCost& cost : best_plans(question(8), Light::data)) {
    EXPECT_TRUE(cost.plan.data_by_light);
    EXPECT_FALSE(cost.plan.tensor_by_light);
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
  EXPECT_THROW(best_plans(images, Light::none), base::InputError);
}

}  // namespace
}  // namespace optinc::cost
