#include "optinc/cli/command_topology.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "optinc/cli/testing.h"

namespace optinc::cli {
namespace {

using testing::HasSubstr;

TEST(Topology, ComparesFiveNetworks) {
  const Outcome outcome = run_program({"topology", "--servers", "64", "--json"});
  ASSERT_EQ(outcome.exit_code, kOk) << outcome.err;
  const base::Json answer = outcome.json();
  ASSERT_EQ(answer["topologies"].size(), 5);
  EXPECT_EQ(answer["topologies"][0]["topology"], "cascade");
  EXPECT_EQ(answer["topologies"][0]["devices"], 21);
  EXPECT_EQ(answer["topologies"][4]["roundings"], 3);
  EXPECT_EQ(answer["after_a_dead_leaf"].size(), 3);
}

TEST(Topology, PlacesJobs) {
  const Outcome outcome = run_program({"topology", "--servers", "64", "--jobs", "5,60"});
  ASSERT_EQ(outcome.exit_code, kOk) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("5 servers: devices 0 .. 1, 3 ports idle"));
  EXPECT_THAT(outcome.out, HasSubstr("60 servers: 15 devices side by side, not free"));
  EXPECT_THAT(outcome.out, HasSubstr("When a device of the first level dies"));
}

TEST(Topology, AnswersFor65536Servers) {
  EXPECT_EQ(run_program({"topology", "--servers", "65536"}).exit_code, kOk);
}

TEST(Topology, RefusesWhatCanNotBe) {
  expect_bad_input(run_program({"topology", "--servers", "65537"}), "servers 65537: expected");
  expect_bad_input(run_program({"topology", "--uplink", "0"}), "uplink 0: expected 1e-06");
  expect_bad_input(run_program({"topology", "--jobs", "0"}), "a job of 0 servers");
  expect_bad_input(run_program({"topology", "--samples", "0"}), "--samples 0");
  expect_bad_input(run_program({"topology", "--servers", "1"}), "servers 1: expected 2");
  expect_bad_input(run_program({"topology", "--overlap"}), "--overlap");
}

}  // namespace
}  // namespace optinc::cli
