#include "optinc/report/light_runs.h"

#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "optinc/base/error.h"
#include "optinc/report/runs.h"
#include "optinc/report/testing.h"

namespace optinc::report {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;

// The one line with which the records are refused.
std::string refusal(const std::string& records) {
  try {
    read_runs({write_records("light.jsonl", records)});
  } catch (const base::InputError& error) {
    EXPECT_THAT(error.what(), Not(HasSubstr("\n")));
    return error.what();
  }
  ADD_FAILURE() << "accepted " << records;
  return "";
}

LightRuns read(const std::string& records) {
  return read_runs({write_records("light.jsonl", records)}).light;
}

TEST(LightRuns, AProgramWithItsMeshes) {
  const LightRuns light = read(light_run("compile") + program("[[0,0,0.5,1.5],[1,1,null,3]]"));
  ASSERT_EQ(light.programs.size(), 1u);
  const Program& found = light.programs[0].program.value();
  EXPECT_EQ(found.design, "d");
  EXPECT_EQ(found.placed_mzi, 30u);
  ASSERT_EQ(found.meshes.at(0).cells.size(), 2u);
  EXPECT_EQ(found.meshes[0].cells[0].phi, 1.5);
  EXPECT_EQ(found.meshes[0].cells[1].mode, 1u);
  EXPECT_TRUE(std::isnan(found.meshes[0].cells[1].theta));
}

TEST(LightRuns, ARunNeedsNeitherSeedNorConfiguration) {
  const Runs runs = read_runs({write_records("p.jsonl", light_run("compile") + light_run("link-budget"))});
  EXPECT_EQ(runs.light.programs.at(0).header.name, "p #1");
  EXPECT_FALSE(runs.light.programs[0].program) << "it was only begun";
  EXPECT_EQ(runs.light.link_budgets.at(0).header.name, "p #2");
}

// A killed and resumed run writes the conditions that it had summed up once more.
TEST(LightRuns, OfOneConditionTheLaterStands) {
  const LightRuns light = read(simulate_run() + chip() + yield(0, "", 0.5) + yield(1, R"("stage":"P",)", 0.25) +
                               chip() + yield(0, "", 0.75));
  const SimulationRun& run = light.simulations.at(0);
  EXPECT_EQ(run.chips, 2u);
  ASSERT_EQ(run.conditions.size(), 2u);
  EXPECT_EQ(run.conditions[0].exact_symbol_rate, 0.75);
  EXPECT_EQ(run.conditions[1].stage, "P");
}

TEST(LightRuns, WhatIsNotFiniteIsNull) {
  const LightRuns light = read(light_run("link-budget") + link_budget("null") + light_run("error-law") +
                               error_law("none", "null", "null", "null"));
  EXPECT_TRUE(std::isnan(light.link_budgets.at(0).budget.value().hops.at(0).snr_db));
  EXPECT_FALSE(light.error_laws.at(0).laws.at(0).law);
  EXPECT_TRUE(std::isnan(light.error_laws[0].laws[0].constant));
}

TEST(LightRuns, ACellOutsideOfItsMeshIsRefused) {
  EXPECT_THAT(
      refusal(light_run("compile") + program("[[0,0,1,1],[0,2,1,1]]")),
      EndsWith("record 2 (\"program\"): meshes[0]: cells[1] is [0,2,1,1], expected [column below 3, mode below 2, "
               "theta, phi]"));
  EXPECT_THAT(refusal(light_run("compile") + program("[[3,0,1,1]]")), HasSubstr("cells[0] is [3,0,1,1]"));
  EXPECT_THAT(refusal(light_run("compile") + program("[[0,0,1]]")), HasSubstr("cells[0] is [0,0,1]"));
  EXPECT_THAT(refusal(light_run("compile") + program("[7]")), HasSubstr("cells[0] is 7"));
  EXPECT_THAT(refusal(light_run("compile") + program("[]", "99999999999")),
              EndsWith("meshes[0]: 'modes' is 99999999999, expected 2 to 4096"));
}

TEST(LightRuns, WhatIsMissingIsNamedWithItsPlace) {
  EXPECT_THAT(refusal(light_run("simulate")), EndsWith("record 1 (\"run\"): no key 'config'"));
  EXPECT_THAT(refusal(light_run("simulate", R"("config":{"program":"p"},)")),
              EndsWith("record 1 (\"run\"): config: no key 'design'"));
  EXPECT_THAT(refusal(light_run("compile", R"("seed":-1,)")), EndsWith("'seed' is -1, expected an integer from 0"));
  EXPECT_THAT(refusal(simulate_run() + yield(0, R"("key":"coupler.loss_db",)", 1)),
              EndsWith("record 2 (\"yield\"): no key 'value'"));
  EXPECT_THAT(refusal(simulate_run() + yield(0, R"("key":7,"value":1,)", 1)),
              EndsWith("record 2 (\"yield\"): 'key' is 7, expected a string"));
  EXPECT_THAT(refusal(simulate_run() + yield(0, "", 1, "[1]")),
              EndsWith("record 2 (\"yield\"): 'rate_interval' is [1], expected two numbers"));
  EXPECT_THAT(refusal(light_run("link-budget") + link_budget("\"loud\"")),
              EndsWith("record 2 (\"link_budget\"): hops[0]: 'snr_db' is \"loud\", expected a number"));
  EXPECT_THAT(refusal(light_run("error-law") + error_law("none", "3", "1", "1")),
              EndsWith("record 2 (\"error_law\"): 'law' is 3, expected a string"));
}

}  // namespace
}  // namespace optinc::report
