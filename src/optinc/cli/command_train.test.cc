#include "optinc/cli/command_train.h"

#include <filesystem>
#include <tuple>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "optinc/cli/testing.h"

namespace optinc::cli {
namespace {

using testing::HasSubstr;

/// A model of a few thousand parameters for a few steps.
std::vector<std::string> small_run(const std::vector<std::string>& more, const std::string& steps = "4",
                                   const std::string& hidden = "16") {
  std::vector<std::string> arguments{"train", "--steps", steps, "--batch",          "1", "--context",
                                     "16",    "--vocab", "400", "--layers",         "1", "--hidden",
                                     hidden,  "--heads", "2",   "--validate-every", "2", "--validation-windows",
                                     "8",     "--json"};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return arguments;
}

TEST(Train, RingAndOptincGoTheSameWay) {
  const TemporaryFolder folder;
  const Outcome ring = run_program(small_run({"--reduce", "ring", "--records", folder / "ring.jsonl"}));
  ASSERT_EQ(ring.exit_code, kOk) << ring.err;
  const Outcome optinc = run_program(small_run({"--reduce", "optinc", "--records", folder / "optinc.jsonl"}));
  ASSERT_EQ(optinc.exit_code, kOk) << optinc.err;
  EXPECT_NEAR(ring.json()["validation_loss"].get<double>(), optinc.json()["validation_loss"].get<double>(), 0.05);
  // 4 workers: a ring's port sends 2 (N-1)/N = 1.5 times the payload; 8 of 32 bits and 2 bytes a block of 256 are
  // 0.252.
  EXPECT_NEAR(ring.json()["wire_bytes"].get<double>() / ring.json()["payload_bytes"].get<double>(), 1.5, 1e-3);
  EXPECT_NEAR(optinc.json()["wire_bytes"].get<double>() / optinc.json()["payload_bytes"].get<double>(), 0.252, 1e-3);
  EXPECT_EQ(
      run_program({"report", folder / "ring.jsonl", folder / "optinc.jsonl", "--out", folder / "page.html"}).exit_code,
      kOk);
}

TEST(Train, TheTableGivesTheOnnsOwnLosses) {
  const Outcome table = run_program(small_run({"--evaluation", "onn"}, "2"));
  const Outcome onn = run_program(small_run({"--evaluation", "every-symbol"}, "2"));
  EXPECT_EQ(table.json()["validation_loss"], onn.json()["validation_loss"]);
  const Outcome exact = run_program(small_run({"--evaluation", "integer"}, "2"));
  EXPECT_EQ(table.json()["validation_loss"], exact.json()["validation_loss"]);
}

TEST(Train, ThreeWorkersLeaveAPortIdleAndFiveAreTooMany) {
  EXPECT_EQ(run_program(small_run({"--workers", "3"})).exit_code, kOk);
  expect_bad_input(run_program(small_run({"--workers", "5"})), "4 ports");
}

// Three 2-port devices of 8 bits, constructed: four ports for three workers.
TEST(Train, ACascadeGivesTheLossesOfExactArithmetic) {
  const TemporaryFolder folder;
  for (const auto& [role, rounding, file] :
       {std::tuple{"cascade-level-1", "floor", "1.safetensors"}, {"cascade-level-2", "nearest", "2.safetensors"}}) {
    ASSERT_EQ(run_program({"design", "--construct", "--bits", "8", "--servers", "2", "--layers", "4,64,64,64,64,4",
                           "--approximate", "none", "--role", role, "--rounding", rounding, "--out", folder / file})
                  .exit_code,
              kOk);
  }
  const auto run = [&](const std::vector<std::string>& more) {
    std::vector<std::string> flags{
        "--workers", "3", "--level-1", folder / "1.safetensors", "--design", folder / "2.safetensors"};
    flags.insert(flags.end(), more.begin(), more.end());
    const Outcome outcome = run_program(small_run(flags, "2"));
    EXPECT_EQ(outcome.exit_code, kOk) << outcome.err;
    return outcome.exit_code == kOk ? outcome.json()["validation_loss"] : base::Json();
  };
  const base::Json exact = run({"--evaluation", "integer"});
  EXPECT_EQ(run({}), exact);
  EXPECT_EQ(run({"--evaluation", "onn"}), exact);
  EXPECT_EQ(run({"--cascade-mode", "analog"}), exact);
  expect_bad_input(run_program(small_run({"--cascade-mode", "analog"})), "--level-1");
}

TEST(Train, AStepWithANanGradientIsLeftOutAndRecorded) {
  const TemporaryFolder folder;
  const Outcome outcome =
      run_program(small_run({"--inject-nan-step", "3", "--inject-nan-worker", "2", "--records", folder / "r.jsonl"}));
  EXPECT_EQ(outcome.exit_code, kOk) << outcome.err;
  for (const base::Json& record : base::read_records(folder / "r.jsonl")) {
    if (record["type"] != "step") continue;
    EXPECT_EQ(record["non_finite_blocks"], record["step"] == 3 ? 1 : 0);
  }
}

TEST(Train, RefusesWhatCanNotBe) {
  expect_bad_input(run_program(small_run({"--reduce", "tree"})), "--reduce tree: expected ring or optinc");
  expect_bad_input(run_program(small_run({"--design", "none.safetensors"})), "none.safetensors: no such file");
  expect_bad_input(run_program(small_run({"--data", "nowhere"})), "--data nowhere: no such file or folder");
  expect_bad_input(run_program(small_run({"--evaluation", "chip"})),
                   "evaluation \"chip\": expected auto, integer, onn or every-symbol");
  expect_bad_input(run_program(small_run({"--resume"})), "--checkpoint");
  expect_bad_input(run_program(small_run({}, "4", "15")), "15");
}

}  // namespace
}  // namespace optinc::cli
