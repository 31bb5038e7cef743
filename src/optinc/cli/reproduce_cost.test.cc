#include "optinc/cli/reproduce_cost.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "optinc/cli/testing.h"

namespace optinc::cli {
namespace {

using testing::HasSubstr;

TEST(ReproduceCost, Figure6IsThePapersToTheDigit) {
  const Outcome outcome = run_program({"reproduce", "fig6", "--json"});
  ASSERT_EQ(outcome.exit_code, kOk) << outcome.err;
  const base::Json rows = outcome.json()["rows"];
  ASSERT_EQ(rows.size(), 3);
  EXPECT_EQ(rows[0]["ours"]["ring"], 1.5);
  EXPECT_EQ(rows[1]["ours"]["ring"], 1.75);
  EXPECT_EQ(rows[2]["ours"]["ring"], 1.875);
  for (const base::Json& row : rows) EXPECT_NEAR(row["ours"]["optinc"].get<double>(), 1, 1e-9);
  EXPECT_THAT(run_program({"reproduce", "fig6"}).out, HasSubstr("1.875"));
}

// Equal bits, bytes alone: a ring sends 1.5 times as much, so 25 % less is half a pass for a quarter of a step
// computing.
TEST(ReproduceCost, Figure7bFindsTheSamplesOfThePapersFigures) {
  const Outcome outcome = run_program({"reproduce", "fig7b", "--json"});
  ASSERT_EQ(outcome.exit_code, kOk) << outcome.err;
  const base::Json rows = outcome.json()["rows"];
  ASSERT_EQ(rows.size(), 12);
  EXPECT_NEAR(rows[0]["most_saved"].get<double>(), 1.0 / 3, 1e-9);
  EXPECT_NEAR(rows[0]["computing_share"].get<double>(), 0.25, 1e-9);
  EXPECT_NEAR(rows[0]["ring_s"].get<double>(), 1.5 * 2 * 23'712'932 / 800e9, 1e-12);
  for (const base::Json& row : rows) {
    EXPECT_EQ(row["samples"].is_null(), row["most_saved"].get<double>() < row["paper"].get<double>()) << row;
  }
  EXPECT_THAT(run_program({"reproduce", "fig7b"}).out, HasSubstr("The paper does not say how many samples"));
}

TEST(ReproduceCost, WritesTheCurveAsRecords) {
  const TemporaryFolder folder;
  const std::string file = folder / "fig7b.jsonl";
  ASSERT_EQ(run_program({"reproduce", "fig7b", "--records", file}).exit_code, kOk);
  std::size_t cases = 0;
  for (const base::Json& record : base::read_records(file)) cases += record["type"] == "model";
  EXPECT_EQ(cases, 3 * 8 * 5);
}

TEST(ReproduceCost, RefusesFlagsThatSayNothing) {
  expect_bad_input(run_program({"reproduce", "fig6", "--runs", "runs"}), "--runs");
  expect_bad_input(run_program({"reproduce", "fig7b", "--sample", "3"}), "--sample");
}

}  // namespace
}  // namespace optinc::cli
