#include "optinc/cli/command_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "optinc/cli/testing.h"

namespace optinc::cli {
namespace {

using testing::HasSubstr;

TEST(Plan, FindsPlansWithAndWithoutLight) {
  const Outcome outcome = run_program({"plan", "--servers", "16", "--sequences", "64", "--json"});
  ASSERT_EQ(outcome.exit_code, kOk) << outcome.err;
  const base::Json answer = outcome.json();
  ASSERT_EQ(answer["plans"].size(), 5);
  for (const base::Json& found : answer["plans"]) {
    ASSERT_FALSE(found["plans"].empty());
    double last = 0;
    for (const base::Json& plan : found["plans"]) {
      EXPECT_EQ(plan["tensor"].get<int>() * plan["pipeline"].get<int>() * plan["data"].get<int>(), 16);
      EXPECT_LE(plan["memory_bytes"].get<double>(), 80e9);
      EXPECT_GE(plan["seconds"].get<double>(), last);
      last = plan["seconds"];
    }
  }
  EXPECT_EQ(answer["exchanges"].size(), 7);
}

TEST(Plan, SaysWhatLightCanDo) {
  const Outcome outcome = run_program({"plan", "--servers", "16", "--sequences", "64", "--best", "1"});
  ASSERT_EQ(outcome.exit_code, kOk) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("all-to-all"));
  EXPECT_THAT(outcome.out, HasSubstr("Everything here is modelled"));
  EXPECT_THAT(run_program({"plan", "--model", "llama-3-70b", "--servers", "1"}).out, HasSubstr("no plan divides"));
}

TEST(Plan, MeasuresWhatLightDoesToActivations) {
  const Outcome outcome =
      run_program({"plan", "--servers", "16", "--sequences", "64", "--best", "1", "--measure-error", "--json"});
  ASSERT_EQ(outcome.exit_code, kOk) << outcome.err;
  const base::Json errors = outcome.json()["tensor_parallel_error"];
  ASSERT_EQ(errors.size(), 6);
  EXPECT_GT(errors[0]["output_nmse"].get<double>(), errors[5]["output_nmse"].get<double>());
}

TEST(Plan, RefusesWhatCanNotBe) {
  expect_bad_input(run_program({"plan", "--model", "resnet50"}), "resnet50: expected a transformer");
  expect_bad_input(run_program({"plan", "--servers", "0"}), "servers 0: expected 1 .. 65536");
  expect_bad_input(run_program({"plan", "--best", "0"}), "--best 0");
  expect_bad_input(run_program({"plan", "--overlap"}), "--overlap");
  expect_bad_input(run_program({"plan", "--memory-gb", "0"}), "--memory-gb 0");
}

}  // namespace
}  // namespace optinc::cli
