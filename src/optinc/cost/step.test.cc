#include "optinc/cost/step.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "optinc/base/error.h"
#include "optinc/cost/testing.h"

namespace optinc::cost {
namespace {

/// Two parts of 1,000 parameters and 1 MFLOP: 1 ms forward on a server of 1 GFLOP/s.
Model two_parts() {
  return {"two", "sample", {{"first", 1000, 1e6}, {"last", 1000, 1e6}}, std::nullopt};
}

/// 1 us an element.
Cost slow_network(std::uint64_t elements) {
  Cost cost;
  cost.seconds.wire = static_cast<double>(elements) * 1e-6;
  return cost;
}

// 2 ms forward, 4 ms backward, 2 ms of all-reduce.
TEST(Step, WithoutOverlapIsTheSum) {
  const StepCost step =
      step_cost(two_parts(), plain_system().server, {.samples = 1, .update_bytes_per_parameter = 0}, slow_network);
  EXPECT_NEAR(step.compute_s, 6e-3, 1e-12);
  EXPECT_NEAR(step.exposed_s, 2e-3, 1e-12);
  EXPECT_NEAR(step.seconds(), 8e-3, 1e-12);
}

// The last part's gradients are there after 2 + 2 ms and take 1 ms; the first's after 6 ms: 1 ms is left over.
TEST(Step, BucketsHideBehindTheBackwardPass) {
  const StepCost step = step_cost(
      two_parts(), plain_system().server,
      {.samples = 1, .overlapped = true, .bucket_bytes = 4000, .update_bytes_per_parameter = 0}, slow_network);
  EXPECT_EQ(step.buckets, 2);
  EXPECT_NEAR(step.communication_s, 2e-3, 1e-12);
  EXPECT_NEAR(step.exposed_s, 1e-3, 1e-12);
}

// A network ten times as slow: the second bucket waits for the first, 14 + 10 ms, of which 6 are behind arithmetic.
TEST(Step, BucketsWaitForEachOther) {
  const StepCost step =
      step_cost(two_parts(), plain_system().server,
                {.samples = 1, .overlapped = true, .bucket_bytes = 4000, .update_bytes_per_parameter = 0},
                [](std::uint64_t elements) { return slow_network(10 * elements); });
  EXPECT_NEAR(step.exposed_s, 18e-3, 1e-12);
}

RC_GTEST_PROP(Step, OverlapNeverCostsMoreThanItHides, ()) {
  const double samples = *rc::gen::inRange(1, 100);
  const double bucket = *rc::gen::inRange(1, 10000);
  const StepOptions apart{.samples = samples};
  StepOptions together = apart;
  together.overlapped = true;
  together.bucket_bytes = bucket;
  const Server server = plain_system().server;
  const double most = step_cost(two_parts(), server, apart, slow_network).seconds();
  const StepCost step = step_cost(two_parts(), server, together, slow_network);
  RC_ASSERT(step.seconds() <= most * (1 + 1e-12));
  RC_ASSERT(step.seconds() >= step.compute_s);
}

// 25 % less where 6 ms become 4 beside 2 ms of arithmetic: 1 - (2 + 4) / (2 + 6).
TEST(Step, FindsTheSamplesOfAGain) {
  const auto samples = samples_for_gain(two_parts(), plain_system().server, 6e-3, 4e-3, 0.25);
  ASSERT_TRUE(samples.has_value());
  EXPECT_NEAR(*samples, 2.0 / 6.0, 1e-12);
  EXPECT_FALSE(samples_for_gain(two_parts(), plain_system().server, 6e-3, 4e-3, 0.5).has_value());
}

TEST(Step, RefusesWhatCannotBe) {
  EXPECT_THROW(step_cost(two_parts(), plain_system().server, {.samples = 0}, slow_network), base::InputError);
  EXPECT_THROW(step_cost(two_parts(), plain_system().server, {.bucket_bytes = 0}, slow_network), base::InputError);
  EXPECT_THROW(samples_for_gain(two_parts(), plain_system().server, 2, 1, 0), base::InputError);
}

}  // namespace
}  // namespace optinc::cost
