#include "optinc/cli/command_noise.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "optinc/base/record.h"
#include "optinc/cli/testing.h"

namespace optinc::cli {
namespace {

using testing::HasSubstr;

constexpr const char* kDesign = "designs/b8-n4.safetensors";

TEST(Noise, RatesFallAsNoiseGrows) {
  const Outcome outcome =
      run_program({"noise", kDesign, "--sample", "2000", "--draws", "2", "--sigma", "0,1e-3,1e-2", "--json"});
  ASSERT_EQ(outcome.exit_code, kOk) << outcome.err;
  const base::Json found = outcome.json()["noise"][0];
  EXPECT_EQ(found["design"], "b8-n4");
  EXPECT_EQ(found["largest_outputs"].size(), 6u);
  ASSERT_EQ(found["rates"].size(), 3u);
  EXPECT_EQ(found["rates"][0]["trials"], 4000);
  EXPECT_EQ(found["rates"][0]["rate"], 1.0);
  EXPECT_GT(found["rates"][1]["rate"], 0.9);
  EXPECT_LT(found["rates"][2]["rate"], found["rates"][1]["rate"]);
}

TEST(Noise, SameSeedSameRatesWhateverTheThreads) {
  const auto right = [](const char* threads, const char* seed) {
    return run_program({"noise", kDesign, "--sample", "3000", "--draws", "2", "--sigma", "5e-3", "--threads", threads,
                        "--seed", seed, "--json"})
        .json()["noise"][0]["rates"][0]["right"];
  };
  EXPECT_EQ(right("1", "1"), right("2", "1"));
  EXPECT_NE(right("1", "1"), right("1", "2"));
}

TEST(Noise, WritesRecordsAndSaysWhatWasSampled) {
  const TemporaryFolder folder;
  const Outcome outcome = run_program(
      {"noise", kDesign, "--sample", "500", "--draws", "1", "--sigma", "1e-3", "--records", folder / "n.jsonl"});
  EXPECT_THAT(outcome.out, HasSubstr("500 inputs drawn at random with seed 1, 1 draws"));
  const auto records = base::read_records(folder / "n.jsonl");
  ASSERT_EQ(records.size(), 2u);
  EXPECT_EQ(records[0]["command"], "noise");
  EXPECT_EQ(records[1]["type"], "noise");
}

// Chips whose phases are hardly off stay right.
TEST(Noise, SaysSizesAndSimulatesChips) {
  const TemporaryFolder folder;
  const std::string file = folder / "c.safetensors";
  ASSERT_EQ(run_program({"design", "--construct", "--servers", "2", "--out", file}).exit_code, kOk);
  const std::vector<std::string> arguments{"noise",      file,
                                           "--sample",   "300",
                                           "--draws",    "1",
                                           "--sigma",    "1e-3",
                                           "--chips",    "3",
                                           "--sweep",    "phase_shifter.error_rms_rad=1e-5,0.1",
                                           "--sweep",    "coupler.imbalance_rms_rad=0.2",
                                           "--hardware", "ideal",
                                           "--records",  folder / "n.jsonl"};
  const Outcome outcome = run_program(arguments);
  ASSERT_EQ(outcome.exit_code, kOk) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("mean over 3 simulated chips"));
  const base::Json found = base::read_records(folder / "n.jsonl")[1];
  EXPECT_EQ(found["servers"], 2);
  EXPECT_GT(found["mzis"], 100);
  const base::Json rates = found["chip_rates"];
  ASSERT_EQ(rates.size(), 4u);
  EXPECT_EQ(rates[0]["condition"], "phase_shifter.error_rms_rad=1e-05");
  EXPECT_EQ(rates[0]["rate"], 1.0);
  EXPECT_LT(rates[1]["rate"], 0.9);
  EXPECT_EQ(rates[2]["condition"], "coupler.imbalance_rms_rad=0.2");
  EXPECT_LT(rates[2]["rate"], 0.9);
  EXPECT_EQ(rates[3]["condition"], "ideal");
  EXPECT_EQ(rates[3]["rate"], 1.0);
  EXPECT_EQ(run_program({"report", folder / "n.jsonl", "--out", folder / "page.html"}).exit_code, kOk);
  expect_bad_input(run_program({"noise", file, "--chips", "1", "--sweep", "phase_shifter.error_rms_rad=-1", "--json"}),
                   "-1");
  expect_bad_input(run_program({"noise", file, "--sweep", "phase_shifter.error_rms_rad=0.1"}), "expected --chips");
}

// 13^16 inputs: nobody goes through them.
TEST(Noise, SamplesWhatCanNotBeEnumerated) {
  const std::string file = "designs/front/b32-n4.safetensors";
  const Outcome outcome = run_program({"noise", file, "--sample", "200", "--draws", "1", "--sigma", "1e-5", "--json"});
  ASSERT_EQ(outcome.exit_code, kOk) << outcome.err;
  const base::Json found = outcome.json()["noise"][0];
  EXPECT_EQ(found["rates"][0]["rate"], 1.0);
  EXPECT_EQ(found["largest_outputs_sample"], 200);
  EXPECT_EQ(found["inputs"].get<double>(), 665416609183179841.0);
  expect_bad_input(run_program({"noise", file, "--json"}), "6.65e+17 possible inputs, expected --sample");
}

TEST(Noise, RefusesBadInput) {
  expect_bad_input(run_program({"noise", kDesign, "--sigma", "-1", "--sample", "10", "--json"}),
                   "relative noise -1: expected 0 or more");
  expect_bad_input(run_program({"noise", kDesign, "--draws", "0", "--sample", "10", "--json"}), "0 draws");
  expect_bad_input(run_program({"noise", "designs/none.safetensors", "--json"}), "none.safetensors");
}

}  // namespace
}  // namespace optinc::cli
