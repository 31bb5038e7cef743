#include "optinc/report/account.h"

#include <cmath>

#include <gtest/gtest.h>

#include "optinc/report/runs.h"
#include "optinc/report/testing.h"

namespace optinc::report {
namespace {

class Account : public testing::Test {
 protected:
  const Experiment& experiment(const std::string& lines) {
    runs_ = read_runs({write_records("t.jsonl", lines)});
    experiments_ = group_by_experiment(runs_.trainings);
    return experiments_.at(0);
  }

  Runs runs_;
  std::vector<Experiment> experiments_;
};

// 4 steps, 2 s in all-reduce of which 0.25 and 0.75 are quantising and emulating; the other run: 0.75 and 0.25.
TEST_F(Account, IsTheMeanOverRunsOfMillisecondsAStep) {
  const std::vector<StepAccount> accounts =
      step_accounts(experiment(train_run({.reduce = "optinc", .seed = 1}) + account_result(4, 0.25, 0.75) +
                               train_run({.reduce = "optinc", .seed = 2}) + account_result(4, 0.75, 0.25)));
  ASSERT_EQ(accounts.size(), 1u);
  const StepAccount& account = accounts[0];
  EXPECT_EQ(account.variant, "OptINC");
  EXPECT_EQ(account.runs, 2u);
  EXPECT_EQ(account.compute_ms, 1000);
  EXPECT_EQ(account.wait_ms, 125);
  EXPECT_EQ(account.quantise_ms, 125);
  EXPECT_EQ(account.emulate_ms, 125);
  EXPECT_EQ(account.move_ms, 250);
  EXPECT_EQ(account.apply_ms, 62.5);
  EXPECT_EQ(account.step_ms(), 1687.5);
  EXPECT_EQ(account.emulation_share(), 250 / 1687.5);
}

TEST_F(Account, LeavesOutRunsThatDoNotSay) {
  const Experiment& with_old = experiment(train_run({}) + train_result(4, 24000) + train_run({.reduce = "optinc"}) +
                                          step(1, "5") + train_run({.reduce = "exact"}) + account_result(0, 0, 0));
  EXPECT_TRUE(step_accounts(with_old).empty());
  EXPECT_TRUE(modelled_steps(with_old).empty());
}

TEST_F(Account, WhatHardwareWouldTakeIsApart) {
  const std::string optical =
      R"({"line_rate_gbps":6400,"round_latency_s":1e-06,"optinc_seconds":0.004,"ring_seconds":0.008})";
  const std::string electrical =
      R"({"line_rate_gbps":6400,"round_latency_s":1e-06,"optinc_seconds":null,"ring_seconds":0.008})";
  const std::vector<ModelledStep> steps =
      modelled_steps(experiment(train_run({}) + account_result(4, 0, 0, electrical) + train_run({.reduce = "optinc"}) +
                                account_result(4, 0.25, 0.75, optical)));
  ASSERT_EQ(steps.size(), 2u);
  EXPECT_EQ(steps[0].variant, "ring");
  EXPECT_TRUE(std::isnan(steps[0].optinc_ms));
  EXPECT_EQ(steps[1].line_rate_gbps, 6400);
  EXPECT_EQ(steps[1].round_latency_s, 1e-6);
  EXPECT_EQ(steps[1].optinc_ms, 1);
  EXPECT_EQ(steps[1].ring_ms, 2);
}

TEST_F(Account, BytesAreByPayload) {
  const std::vector<WireFactor> wires =
      wire_factors(experiment(train_run({}) + train_result(4, 24000) + train_run({.reduce = "optinc"})));
  ASSERT_EQ(wires.size(), 1u);
  EXPECT_EQ(wires[0].variant, "ring");
  EXPECT_EQ(wires[0].factor, 1.5);
}

}  // namespace
}  // namespace optinc::report
