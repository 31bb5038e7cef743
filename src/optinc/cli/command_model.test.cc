#include "optinc/cli/command_model.h"

#include <algorithm>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "optinc/base/record.h"
#include "optinc/cli/testing.h"

namespace optinc::cli {
namespace {

using testing::HasSubstr;

// 25,557,032 gradients of 32 bits: 1.5 times 102.2 MB at 800 GB/s by a ring, a quarter of it once by light.
TEST(Model, GivesEveryAlgorithmOfOneCase) {
  const Outcome outcome = run_program({"model", "--json"});
  ASSERT_EQ(outcome.exit_code, kOk) << outcome.err;
  const base::Json answer = outcome.json();
  EXPECT_EQ(answer["parameters"], 25'557'032);
  EXPECT_EQ(answer["others"].size(), 4);
  EXPECT_NEAR(answer["others"][0]["seconds"]["wire"].get<double>(), 191.68e-6, 1e-8);
  EXPECT_NEAR(answer["optinc"]["seconds"]["wire"].get<double>(), 31.95e-6, 1e-8);
  EXPECT_GT(answer["saved_of_ring"].get<double>(), 0);
  EXPECT_FALSE(answer["sensitivity_of_saved_of_ring"].empty());
  EXPECT_FALSE(answer["loses"].empty());
  for (const char* part : {"software", "flight", "conversion", "transit", "scales", "wire", "accelerator"}) {
    EXPECT_GE(answer["optinc"]["seconds"][part].get<double>(), 0) << part;
  }
}

TEST(Model, SaysWhatMattersAndWhereItLoses) {
  const Outcome outcome = run_program({"model", "--servers", "16"});
  ASSERT_EQ(outcome.exit_code, kOk) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("Everything here is modelled"));
  EXPECT_THAT(outcome.out, HasSubstr("a cascade of 2 levels"));
  EXPECT_THAT(outcome.out, HasSubstr("at equal bits"));
  EXPECT_THAT(outcome.out, HasSubstr("What moves the answer"));
  EXPECT_THAT(outcome.out, HasSubstr("Where an all-reduce by OptINC loses"));
}

TEST(Model, DrawsACurveOverServersAndSamples) {
  const Outcome outcome = run_program({"model", "--servers", "4,65536", "--samples", "1,64"});
  ASSERT_EQ(outcome.exit_code, kOk) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("65,536"));
  const base::Json json = run_program({"model", "--servers", "4,65536", "--samples", "1,64", "--json"}).json();
  ASSERT_EQ(json["cases"].size(), 4);
  EXPECT_EQ(json["cases"][2]["servers"], 65536);
  EXPECT_EQ(json["cases"][2]["device"]["levels"], 8);
}

TEST(Model, WritesARecordOfEachCase) {
  const TemporaryFolder folder;
  const std::string file = folder / "model.jsonl";
  ASSERT_EQ(run_program({"model", "--samples", "1,2", "--records", file}).exit_code, kOk);
  const std::vector<base::Json> records = base::read_records(file);
  ASSERT_EQ(records.size(), 3);
  EXPECT_EQ(records[0]["command"], "model");
  EXPECT_EQ(records[0]["config"]["link-gbps"], 800);
  EXPECT_EQ(records[1]["type"], "model");
  EXPECT_EQ(records[2]["samples"], 2);
}

TEST(Model, CountsADesignsPower) {
  const Outcome outcome = run_program({"model", "--design", "designs/b8-n4.safetensors", "--json"});
  ASSERT_EQ(outcome.exit_code, kOk) << outcome.err;
  const base::Json device = outcome.json()["device"];
  EXPECT_EQ(device["mzis"], 41'936);
  EXPECT_GT(device["heater_w"].get<double>(), 0);
  EXPECT_GT(outcome.json()["optinc"]["device_joules"].get<double>(), 0);
}

TEST(Model, RefusesWhatCanNotBe) {
  expect_bad_input(run_program({"model", "--servers", "0"}), "servers 0: expected 2 .. 65536");
  expect_bad_input(run_program({"model", "--samples", "0"}), "samples 0: expected more than 0");
  expect_bad_input(run_program({"model", "--model", "gpt"}), "model gpt: expected one of");
  expect_bad_input(run_program({"model", "--bits", "1"}), "bits 1: expected 2 to 32");
  expect_bad_input(run_program({"model", "--utilisation", "2"}), "--utilisation 2: expected above 0");
  expect_bad_input(run_program({"model", "--samples", "inf"}), "samples inf");
  expect_bad_input(run_program({"model", "--ports", "8", "--design", "designs/b8-n4.safetensors"}), "--ports 8");
  expect_bad_input(run_program({"model", "--ports", "1"}), "--ports 1: expected 2 or more");
  expect_bad_input(run_program({"model", "--bits", "16", "--design", "designs/b8-n4.safetensors"}), "--bits 16: b8-n4");
}

}  // namespace
}  // namespace optinc::cli
