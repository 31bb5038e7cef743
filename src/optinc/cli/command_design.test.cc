#include "optinc/cli/command_design.h"

#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "optinc/cli/testing.h"
#include "optinc/onn/design.h"

namespace optinc::cli {
namespace {

/// 4 bits and 2 servers: 49 inputs, exact in a second or two.
std::vector<std::string> small_design(const std::string& out) {
  return {"design",    "--bits",   "4",    "--servers",       "2",  "--layers",
          "2,32,32,2", "--epochs", "1500", "--epoch-samples", "49", "--first-stage-epochs",
          "300",       "--batch",  "16",   "--out",           out,  "--json"};
}

TEST(Design, FromTrainingToReport) {
  const TemporaryFolder folder;
  std::vector<std::string> arguments = small_design(folder / "d.safetensors");
  arguments.insert(arguments.end(), {"--onnx", folder / "d.onnx"});
  const Outcome outcome = run_program(arguments);
  ASSERT_EQ(outcome.exit_code, kOk) << outcome.err;
  EXPECT_EQ(outcome.json()["outcome"], "exact");
  EXPECT_EQ(outcome.json()["wrong"], 0);
  EXPECT_GT(outcome.json()["gflops"], 0);
  EXPECT_GT(outcome.json()["sgemm_gflops"], 0);
  EXPECT_TRUE(std::filesystem::exists(folder / "d.onnx"));
  EXPECT_FALSE(std::filesystem::exists(folder / "d.safetensors.checkpoint"));

  EXPECT_EQ(run_program({"verify", folder / "d.safetensors"}).exit_code, kOk);
  EXPECT_EQ(onn::load_design(folder / "d.safetensors").approximated.to_string(), "1-3");

  const auto records = base::read_records(folder / "d.records.jsonl");
  EXPECT_EQ(records.front()["type"], "run");
  EXPECT_EQ(records.back()["type"], "result");
  EXPECT_EQ(run_program({"report", folder / "d.records.jsonl", "--out", folder / "page.html"}).exit_code, kOk);
  EXPECT_GT(std::filesystem::file_size(folder / "page.html"), 10000u);
}

TEST(Design, ADesignThatIsNotExactIsSavedAndSaysSo) {
  const TemporaryFolder folder;
  const Outcome outcome = run_program({"design", "--bits", "4", "--servers", "2", "--layers", "2,8,2", "--epochs", "2",
                                       "--epoch-samples", "49", "--out", folder / "d.safetensors"});
  EXPECT_EQ(outcome.exit_code, kFailed);
  EXPECT_GT(onn::load_design(folder / "d.safetensors").wrong, 0u);
  EXPECT_EQ(run_program({"verify", folder / "d.safetensors"}).exit_code, kFailed);
}

// Bits are odd, so that symbol 1 has two levels: 4 * 7 = 28 inputs. All that is not said is picked, and it says why.
TEST(Design, PicksAStructureForADeviceThatNoTableLists) {
  const TemporaryFolder folder;
  const Outcome outcome =
      run_program({"design", "--bits", "3", "--servers", "3", "--out", folder / "d.safetensors", "--json"});
  ASSERT_EQ(outcome.exit_code, kOk) << outcome.err;
  EXPECT_EQ(outcome.json()["layers"].dump(), "[2,64,128,256,128,64,2]");
  EXPECT_THAT(outcome.json()["why"].get<std::string>(), testing::HasSubstr("K = 2 inputs cut the 2 symbols"));
  EXPECT_EQ(outcome.json()["wrong"], 0);
}

TEST(Design, ConstructsWithoutTraining) {
  const TemporaryFolder folder;
  const Outcome outcome = run_program({"design", "--construct", "--bits", "8", "--servers", "2", "--approximate", "all",
                                       "--rounding", "every", "--out", folder / "c.safetensors", "--json"});
  ASSERT_EQ(outcome.exit_code, kOk) << outcome.err;
  EXPECT_EQ(outcome.json()["origin"], "constructed");
  EXPECT_EQ(outcome.json()["wrong"], 0);
  EXPECT_LT(outcome.json()["largest_analog_error"], 1e-3);
  EXPECT_EQ(outcome.json()["proof"]["proved"], true);
  for (const char* file : {"c.safetensors", "c-nearest.safetensors"}) {
    EXPECT_EQ(run_program({"verify", folder / file}).exit_code, kOk) << file;
  }
  EXPECT_EQ(run_program({"report", folder / "c.records.jsonl", "--out", folder / "page.html"}).exit_code, kOk);
  const Outcome six = run_program(
      {"design", "--construct", "--bits", "8", "--servers", "6", "--json", "--out", folder / "x.safetensors"});
  EXPECT_EQ(six.exit_code, kOk) << six.err;
  EXPECT_EQ(six.json()["inputs"], 19 * 19 * 19 * 19);
  EXPECT_EQ(six.json()["wrong"], 0);
  EXPECT_EQ(six.json()["proof"]["proved"], true);
  const Outcome many =
      run_program({"design", "--construct", "--bits", "8", "--servers", "100", "--out", folder / "x.safetensors"});
  EXPECT_EQ(many.exit_code, kOk) << many.err;
  EXPECT_THAT(many.out, testing::HasSubstr("proved by stage: all 8.209e+09 inputs right"));
}

// 32 bits, 4 servers: 13^16 inputs, of which none is left out.
TEST(Design, ConstructsWhatCanNotBeEnumerated) {
  const TemporaryFolder folder;
  const std::string file = folder / "c.safetensors";
  const std::vector<std::string> arguments{"design", "--construct", "--bits", "32", "--out", file};
  const Outcome outcome = run_program(arguments);
  ASSERT_EQ(outcome.exit_code, kOk) << outcome.err;
  EXPECT_THAT(outcome.out, testing::HasSubstr("1,048,576 of 1,048,576 inputs drawn at random right"));
  EXPECT_THAT(outcome.out, testing::HasSubstr("proved by stage: all 6.654e+17 inputs right, with any error of every"));
  const Outcome proof = run_program({"verify", file, "--by-stage"});
  EXPECT_EQ(proof.exit_code, kOk);
  EXPECT_THAT(proof.out, testing::HasSubstr("proved: all 6.654e+17 possible inputs right"));
  EXPECT_EQ(run_program({"verify", file, "--by-stage", "--json"}).json()["proved"], true);
}

TEST(Design, ConstructsVariants) {
  const TemporaryFolder folder;
  const auto layers = [&](const char* variant) {
    const Outcome outcome = run_program(
        {"design", "--construct", "--variant", variant, "--servers", "8", "--out", folder / "c.safetensors", "--json"});
    EXPECT_EQ(outcome.exit_code, kOk) << outcome.err;
    EXPECT_EQ(outcome.json()["wrong"], 0);
    return outcome.json()["layers"].size();
  };
  EXPECT_LT(layers("shallow"), layers("narrow"));
  expect_bad_input(run_program({"design", "--construct", "--variant", "small", "--out", folder / "c.safetensors"}),
                   "small: no such variant; expected tolerant, shallow or narrow");
  expect_bad_input(
      run_program({"design", "--construct", "--servers", "1000", "--inputs", "2", "--out", folder / "d.safetensors"}),
      "layer 1: the rest of input 1 from place 0 down is off by");
  EXPECT_FALSE(std::filesystem::exists(folder / "d.safetensors"));
}

TEST(Design, RefusesImpossibleCombinations) {
  const TemporaryFolder folder;
  const std::string out = folder / "d.safetensors";
  expect_bad_input(run_program({"design", "--construct", "--bits", "0", "--out", out}), "bits 0: expected 2 .. 32");
  expect_bad_input(run_program({"design", "--bits", "32", "--layers", "16,16", "--out", out}),
                   "possible inputs: training can walk through fewer than 2^32");
  EXPECT_FALSE(std::filesystem::exists(folder / "d.records.jsonl"));
  expect_bad_input(run_program({"design", "--bits", "1", "--layers", "4,4", "--out", out}), "bits 1: expected 2 .. 32");
  expect_bad_input(run_program({"design", "--servers", "1", "--layers", "4,4", "--out", out}),
                   "servers 1: expected 2 .. 1024");
  expect_bad_input(run_program({"design", "--layers", "4,6,4", "--out", out}), "longer side must be a multiple");
  expect_bad_input(run_program({"design", "--layers", "4,8,4", "--rounding", "up", "--out", out}), "rounding \"up\"");
  expect_bad_input(run_program({"design", "--layers", "4,8,4", "--out", folder / "none/d.safetensors"}),
                   "no such folder");
  expect_bad_input(run_program({"design", "--layers", "4,8,4", "--resume", "--out", out}), "d.safetensors.checkpoint");
  EXPECT_FALSE(std::filesystem::exists(out));
}

}  // namespace
}  // namespace optinc::cli
