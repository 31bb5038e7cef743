#include "optinc/cli/command_verify.h"

#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "optinc/base/atomic_file.h"
#include "optinc/cli/testing.h"
#include "optinc/device/onn_averager.h"
#include "optinc/onn/design.h"

namespace optinc::cli {
namespace {

using testing::HasSubstr;

// Small devices on every input, large ones (5.8 and 13.8 million inputs: runs/verify-designs.sh checks all) on a
// sample.
TEST(Verify, TheDesignsThatShipAreExact) {
  int designs = 0;
  for (const auto& entry : std::filesystem::directory_iterator("designs")) {
    if (entry.path().extension() != ".safetensors") continue;
    ++designs;
    const std::string file = entry.path().string();
    SCOPED_TRACE(file);
    const onn::Design design = onn::load_design(file);
    EXPECT_EQ(design.wrong, 0u);
    const std::uint64_t inputs = device::shape_of(design).input_count();
    const bool sampled = inputs > 200'000;
    std::vector<std::string> arguments{"verify", file, "--json"};
    if (sampled) arguments.insert(arguments.end(), {"--sample", "5000"});
    const Outcome outcome = run_program(arguments);
    EXPECT_EQ(outcome.exit_code, kOk);
    EXPECT_EQ(outcome.json()["inputs"], sampled ? 5'000 : inputs);
    EXPECT_EQ(outcome.json()["possible"], inputs);
    EXPECT_EQ(outcome.json()["wrong"], 0);
    EXPECT_EQ(outcome.json()["errors"].size(), 0u);
    ASSERT_FALSE(design.approximated.empty());
    EXPECT_LE(outcome.json()["approximation_error"], 1e-5);
  }
  EXPECT_GE(designs, 10);
}

TEST(Verify, TheFrontThatShipsIsProvedAndRight) {
  int designs = 0;
  for (const auto& entry : std::filesystem::directory_iterator("designs/front")) {
    ++designs;
    const std::string file = entry.path().string();
    SCOPED_TRACE(file);
    // What was trained says nothing of its wires, but its inputs are few enough for all.
    const bool is_trained = onn::load_design(file).stages.empty();
    EXPECT_EQ(is_trained, file.find("-structure-") != std::string::npos);
    if (is_trained) {
      EXPECT_EQ(run_program({"verify", file}).exit_code, kOk);
      continue;
    }
    EXPECT_EQ(run_program({"verify", file, "--by-stage"}).exit_code, kOk);
    EXPECT_EQ(run_program({"verify", file, "--sample", "20000"}).exit_code, kOk);
  }
  EXPECT_GE(designs, 15);
}

TEST(Verify, ByStageRefusesWhatItCanNotProve) {
  const Outcome trained = run_program({"verify", "designs/b8-n4.safetensors", "--by-stage"});
  EXPECT_EQ(trained.exit_code, kFailed);
  EXPECT_THAT(trained.out, HasSubstr("the design does not say what its wires stand for"));
  EXPECT_THAT(trained.out, HasSubstr("not proved: layer 1: 0 stages are claimed"));

  const TemporaryFolder folder;
  const std::string file = folder / "c.safetensors";
  ASSERT_EQ(run_program({"design", "--construct", "--out", file}).exit_code, kOk);
  onn::Design design = onn::load_design(file);
  design.network.layers[2].bias[0] += 1;
  onn::save_design(file, design);
  const Outcome wrong = run_program({"verify", file, "--by-stage"});
  EXPECT_EQ(wrong.exit_code, kFailed);
  EXPECT_THAT(wrong.out, HasSubstr("not proved: layer 3: "));
  EXPECT_EQ(run_program({"verify", file}).exit_code, kFailed);
  expect_bad_input(run_program({"verify", file, "--by-stage", "--exact"}), "--exact excludes --by-stage");
}

// floor and nearest differ in half of all inputs (decimals 1/2 and 3/4), so the one's design is wrong for the other's
// rule.
TEST(Verify, ADesignThatIsWrongFailsWithItsErrors) {
  const TemporaryFolder folder;
  onn::Design design = onn::load_design("designs/b8-n4.safetensors");
  design.rounding = codec::Rounding::nearest;
  onn::save_design(folder / "wrong.safetensors", design);
  const Outcome outcome = run_program({"verify", folder / "wrong.safetensors", "--json"});
  EXPECT_EQ(outcome.exit_code, kFailed);
  EXPECT_NEAR(outcome.json()["wrong"].get<double>(), 28561 / 2.0, 28561 * 0.05);
  EXPECT_EQ(outcome.json()["errors"][0]["value"], -1);
  EXPECT_EQ(outcome.json()["errors"][0]["share"], 1.0);
  EXPECT_THAT(run_program({"verify", folder / "wrong.safetensors"}).out, HasSubstr("error -1: "));
}

TEST(Verify, ShowsTheFirstWrongInputs) {
  const TemporaryFolder folder;
  onn::Design design = onn::load_design("designs/b8-n4.safetensors");
  design.rounding = codec::Rounding::nearest;
  onn::save_design(folder / "wrong.safetensors", design);
  // Input 2: A = (0, 0, 0, 2/4) is 0 by floor, 1 by nearest.
  const base::Json wrong =
      run_program({"verify", folder / "wrong.safetensors", "--first-wrong", "3", "--json"}).json()["first_wrong"];
  ASSERT_EQ(wrong.size(), 3u);
  EXPECT_EQ(wrong[0]["number"], 2);
  EXPECT_EQ(wrong[0]["inputs"].dump(), "[0.0,0.0,0.0,0.5]");
  EXPECT_EQ(wrong[0]["right"].dump(), "[0.0,0.0,0.0,1.0]");
  EXPECT_EQ(wrong[0]["levels"].size(), 4u);
  EXPECT_NEAR(wrong[0]["levels"][3].get<double>(), 0, 0.5);
  EXPECT_EQ(wrong[1]["number"], 3);
  EXPECT_EQ(wrong[2]["number"], 6);
  EXPECT_THAT(run_program({"verify", folder / "wrong.safetensors", "--first-wrong", "1"}).out,
              HasSubstr("  wrong input 2: A = 0 0 0 0.5; levels "));
}

TEST(Verify, ASampleSaysSo) {
  const Outcome words = run_program({"verify", "designs/b8-n4.safetensors", "--sample", "1000", "--seed", "7"});
  EXPECT_EQ(words.exit_code, kOk);
  EXPECT_THAT(words.out, HasSubstr("1,000 of 1,000 sampled inputs right"));
  EXPECT_THAT(words.out, HasSubstr("drawn at random with seed 7 from 28,561 possible inputs"));
  EXPECT_THAT(words.out, HasSubstr("at 95 % confidence at most 0.3 % of all are wrong"));  // 1 - 0.05^(1/1000)
  const base::Json json = run_program({"verify", "designs/b8-n4.safetensors", "--sample", "1000", "--json"}).json();
  EXPECT_EQ(json["sampled"], true);
  EXPECT_EQ(json["seed"], 1);
  EXPECT_EQ(json["inputs"], 1000);
  EXPECT_EQ(json["possible"], 28561);
}

TEST(Verify, ARangeSaysSo) {
  const Outcome words = run_program({"verify", "designs/b8-n4.safetensors", "--range", "28000:561"});
  EXPECT_EQ(words.exit_code, kOk);
  EXPECT_THAT(words.out, HasSubstr("checked: inputs 28,000 .. 28,560 of 28,561 possible ones"));
  const char* const design = "designs/b8-n4.safetensors";
  expect_bad_input(run_program({"verify", design, "--range", "28000:562"}), "inputs 28000 .. 28562: expected a range");
  for (const char* range : {"5", "5:", ":5", "5:0", "5:6x", "-1:5"}) {
    expect_bad_input(run_program({"verify", design, std::string("--range=") + range}), "expected FIRST:COUNT");
  }
}

TEST(Verify, TellsItsRateAndHowOrthogonalTheBlocksAre) {
  const Outcome outcome = run_program({"verify", "designs/b8-n4.safetensors", "--json"});
  EXPECT_GT(outcome.json()["gflops"], 0);
  EXPECT_GT(outcome.json()["sgemm_gflops"], 0);
  EXPECT_LT(outcome.json()["approximation_error"], onn::kApproximationTolerance);
  const Outcome words = run_program({"verify", "designs/b8-n4.safetensors"});
  EXPECT_THAT(words.out, HasSubstr("largest |U U^T - I| over approximated layers "));
  EXPECT_THAT(words.out, HasSubstr("% of sgemm's"));
}

TEST(Verify, TheExactAveragerStandsInForTheOnn) {
  const Outcome outcome = run_program({"verify", "designs/b8-n4.safetensors", "--exact", "--json"});
  EXPECT_EQ(outcome.exit_code, kOk);
  EXPECT_EQ(outcome.json()["largest_analog_error"], 0.0);
  EXPECT_TRUE(outcome.json()["gflops"].is_null());
}

TEST(Verify, AFileCutInHalfIsBadInput) {
  const TemporaryFolder folder;
  const std::string path = folder / "half.safetensors";
  const std::string whole = base::read_file("designs/b8-n4.safetensors");
  std::ofstream(path, std::ios::binary) << whole.substr(0, whole.size() / 2);
  expect_bad_input(run_program({"verify", path}), "half.safetensors");
}

TEST(Verify, AMissingFileIsBadInput) {
  expect_bad_input(run_program({"verify", "designs/none.safetensors"}), "designs/none.safetensors: no such file");
}

}  // namespace
}  // namespace optinc::cli
