#include "optinc/cli/command_cascade.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "optinc/base/record.h"
#include "optinc/cli/testing.h"
#include "optinc/onn/design.h"

namespace optinc::cli {
namespace {

using testing::HasSubstr;

/// Constructed levels of a small cascade: 4 bits, 2 ports.
void construct_level(const std::string& role, const std::string& path) {
  const Outcome outcome = run_program({"design", "--construct", "--bits", "4", "--servers", "2", "--layers",
                                       "2,32,32,32,2", "--approximate", "none", "--role", role, "--out", path});
  ASSERT_EQ(outcome.exit_code, kOk) << outcome.err;
}

TEST(CascadeVerb, ProvesConstructedLevelsSnappedAndAnalog) {
  const TemporaryFolder folder;
  construct_level("cascade-level-1", folder / "1.safetensors");
  construct_level("cascade-level-2", folder / "2.safetensors");
  const Outcome outcome = run_program({"cascade", folder / "1.safetensors", folder / "2.safetensors", "--samples",
                                       "5000", "--records", folder / "c.jsonl", "--json"});
  ASSERT_EQ(outcome.exit_code, kOk) << outcome.err;
  const base::Json found = outcome.json();
  EXPECT_EQ(found["snapped_exact"], true);
  EXPECT_EQ(found["analog_exact"], true);
  EXPECT_EQ(found["level_1"]["wrong"], 0);
  EXPECT_EQ(found["level_2"]["wrong"], 0);
  // A step of a quarter of the pitch to each side: 1/4 * 1/4 level.
  EXPECT_GE(found["tolerance"].get<double>(), 1.0 / 16 / 1.19);
  for (const char* exact : {"snapped_uniform", "snapped_adversarial", "analog_uniform", "analog_adversarial"}) {
    EXPECT_EQ(found["end_to_end"][exact]["wrong"], 0) << exact;
    EXPECT_EQ(found["end_to_end"][exact]["samples"], 5000) << exact;
  }
  EXPECT_GT(found["end_to_end"]["basic_uniform"]["wrong_share"], 0.1);
  EXPECT_EQ(base::read_records(folder / "c.jsonl")[1]["type"], "cascade");
}

TEST(CascadeVerb, SaysInWordsWhatHolds) {
  const TemporaryFolder folder;
  construct_level("cascade-level-1", folder / "1.safetensors");
  construct_level("cascade-level-2", folder / "2.safetensors");
  const Outcome outcome =
      run_program({"cascade", folder / "1.safetensors", folder / "2.safetensors", "--samples", "0"});
  EXPECT_THAT(outcome.out, HasSubstr("snapped: exact, by enumeration of each level"));
  EXPECT_THAT(outcome.out, HasSubstr("analog: exact, proved"));
}

// A level 1 whose last output is 0.4 levels up: its regenerator takes it for another decimal.
TEST(CascadeVerb, FailsWhereALevelIsWrong) {
  const TemporaryFolder folder;
  construct_level("cascade-level-1", folder / "1.safetensors");
  construct_level("cascade-level-2", folder / "2.safetensors");
  onn::Design wrong = onn::load_design(folder / "1.safetensors");
  wrong.network.layers.back().bias.back() += 0.4f;
  onn::save_design(folder / "1.safetensors", wrong);
  const Outcome outcome = run_program(
      {"cascade", folder / "1.safetensors", folder / "2.safetensors", "--samples", "1000", "--no-tolerance", "--json"});
  EXPECT_EQ(outcome.exit_code, kFailed);
  EXPECT_EQ(outcome.json()["snapped_exact"], false);
  EXPECT_EQ(outcome.json()["analog_exact"], false);
  EXPECT_GT(outcome.json()["end_to_end"]["analog_uniform"]["wrong"], 0);
}

TEST(CascadeVerb, RefusesDesignsForOtherRoles) {
  expect_bad_input(run_program({"cascade", "designs/b8-n4.safetensors", "designs/b8-n4.safetensors"}),
                   "expected role cascade-level-1");
}

}  // namespace
}  // namespace optinc::cli
