#include "optinc/cli/command_train.h"

#include <algorithm>
#include <filesystem>
#include <optional>
#include <tuple>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "optinc/base/atomic_file.h"
#include "optinc/cli/testing.h"
#include "optinc/workload/image_testing.h"

namespace optinc::cli {
namespace {

/// A model of a few thousand parameters for a few steps.
std::vector<std::string> small_run(const std::vector<std::string>& more, const std::string& steps = "4",
                                   const std::string& hidden = "16") {
  std::vector<std::string> arguments{"train", "--steps", steps, "--batch",          "1", "--context",
                                     "16",    "--vocab", "400", "--layers",         "1", "--hidden",
                                     hidden,  "--heads", "2",   "--validate-every", "2", "--validation-examples",
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
    std::vector<std::string> flags{"--workers", "3",
                                   "--reduce",  "optinc-cascade",
                                   "--level-1", folder / "1.safetensors",
                                   "--design",  folder / "2.safetensors"};
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
  expect_bad_input(run_program(small_run({"--reduce", "tree"})),
                   "--reduce tree: expected exact, ring, optinc, optinc-cascade, optinc-cascade-basic or chip");
  expect_bad_input(run_program(small_run({"--design", "none.safetensors"})), "none.safetensors: no such file");
  expect_bad_input(run_program(small_run({"--data", "nowhere"})), "--data nowhere: no such file or folder");
  expect_bad_input(run_program(small_run({"--evaluation", "chip"})),
                   "evaluation \"chip\": expected auto, integer, onn or every-symbol");
  expect_bad_input(run_program(small_run({"--resume"})), "--checkpoint");
  expect_bad_input(run_program(small_run({}, "4", "15")), "15");
}

// The same start, batches and order: the first loss is the same, whatever reduces.
TEST(Train, EveryReducerTrains) {
  const TemporaryFolder folder;
  ASSERT_EQ(run_program({"compile", "designs/b8-n4.safetensors", "--out", folder / "chip.json"}).exit_code, kOk);
  const std::vector<std::vector<std::string>> reducers{
      {"exact"},
      {"ring"},
      {"optinc", "--bits", "6", "--rounding", "nearest-unbiased", "--error-feedback"},
      {"optinc", "--bits", "16", "--inject", "table2:3-6"},
      {"optinc-cascade", "--bits", "8"},
      {"optinc-cascade-basic", "--bits", "8", "--rounding", "floor"},
      {"chip", "--program", folder / "chip.json"}};
  std::optional<base::Json> first_loss, exact_loss;
  for (const std::vector<std::string>& reducer : reducers) {
    std::vector<std::string> flags{"--records", folder / "r.jsonl", "--reduce"};
    flags.insert(flags.end(), reducer.begin(), reducer.end());
    const Outcome outcome = run_program(small_run(flags, "2"));
    ASSERT_EQ(outcome.exit_code, kOk) << outcome.err;
    const std::vector<base::Json> records = base::read_records(folder / "r.jsonl");
    EXPECT_EQ(records[0]["reduce"], reducer[0]);
    EXPECT_EQ(records[0]["design"].is_null(), reducer[0] == "exact" || reducer[0] == "ring");
    if (!first_loss) first_loss = records[1]["loss"];
    EXPECT_EQ(records[1]["loss"], *first_loss) << reducer[0];
    const base::Json loss = outcome.json()["validation_loss"];
    if (!exact_loss) exact_loss = loss;
    EXPECT_NEAR(loss.get<double>(), exact_loss->get<double>(), 0.05) << reducer[0];
  }
}

// An ideal device of the design's bits and rounding computes what the exact design does; so does its ideal chip.
TEST(Train, AnIdealDeviceGivesTheDesignsLosses) {
  const TemporaryFolder folder;
  ASSERT_EQ(run_program({"compile", "designs/b8-n4.safetensors", "--out", folder / "chip.json"}).exit_code, kOk);
  const auto loss = [&](const std::vector<std::string>& flags) {
    const Outcome outcome = run_program(small_run(flags, "2"));
    EXPECT_EQ(outcome.exit_code, kOk) << outcome.err;
    return outcome.json()["validation_loss"];
  };
  const base::Json design = loss({"--design", "designs/b8-n4.safetensors", "--evaluation", "every-symbol"});
  EXPECT_EQ(loss({"--bits", "8", "--rounding", "floor"}), design);
  EXPECT_EQ(loss({"--reduce", "chip", "--program", folder / "chip.json"}), design);
  EXPECT_NE(loss({"--bits", "8", "--rounding", "nearest"}), design);
}

// The ring takes over in step 3: up to there the losses are the optics', and the update of step 3 is the ring's.
TEST(Train, GoesOnWhenTheDeviceFailsOrAPortIsLost) {
  const TemporaryFolder folder;
  const auto losses = [&](const std::vector<std::string>& more) {
    std::vector<std::string> flags{"--bits", "4", "--rounding", "floor", "--records", folder / "r.jsonl"};
    flags.insert(flags.end(), more.begin(), more.end());
    const Outcome outcome = run_program(small_run(flags));
    EXPECT_EQ(outcome.exit_code, kOk) << outcome.err;
    std::vector<double> found;
    for (const base::Json& record : base::read_records(folder / "r.jsonl")) {
      if (record["type"] == "step") found.push_back(record["loss"]);
    }
    return found;
  };
  const std::vector<double> whole = losses({}), failed = losses({"--fail-step", "3"}),
                            dark = losses({"--lose-port", "1@3"});
  for (const std::vector<double>& other : {failed, dark}) {
    ASSERT_EQ(other.size(), 4u);
    EXPECT_TRUE(std::equal(whole.begin(), whole.begin() + 3, other.begin()));
    EXPECT_NE(whole[3], other[3]);
  }
  EXPECT_NE(failed[3], dark[3]);
}

// Phases drift by 0.3 rad after an hour: from step 3 on the chip's averages are other ones.
TEST(Train, AChipAgesAsTrainingGoesOn) {
  const TemporaryFolder folder;
  ASSERT_EQ(run_program({"compile", "designs/b8-n4.safetensors", "--out", folder / "chip.json"}).exit_code, kOk);
  const auto losses = [&](const std::vector<std::string>& more) {
    std::vector<std::string> flags{"--reduce",  "chip",
                                   "--program", folder / "chip.json",
                                   "--set",     "phase_shifter.drift_rms_rad_per_sqrt_h=0.3",
                                   "--records", folder / "r.jsonl"};
    flags.insert(flags.end(), more.begin(), more.end());
    const Outcome outcome = run_program(small_run(flags));
    EXPECT_EQ(outcome.exit_code, kOk) << outcome.err;
    std::vector<double> found;
    for (const base::Json& record : base::read_records(folder / "r.jsonl")) {
      if (record["type"] == "step") found.push_back(record["loss"]);
    }
    return found;
  };
  const std::vector<double> young = losses({}), old = losses({"--hours-per-step", "0.5", "--age-every", "2"});
  EXPECT_TRUE(std::equal(young.begin(), young.begin() + 3, old.begin()));
  EXPECT_NE(young[3], old[3]);
}

TEST(Train, RefusesFlagsThatItWouldTakeNoNoticeOf) {
  const TemporaryFolder folder;
  const auto refused = [](const std::vector<std::string>& flags, const std::string& message) {
    expect_bad_input(run_program(small_run(flags)), message);
  };
  refused({"--reduce", "ring", "--inject", "table2:3-6"}, "--inject: not for --reduce ring");
  refused({"--reduce", "exact", "--error-feedback"}, "--error-feedback: not for --reduce exact");
  refused({"--rounding", "floor"}, "--rounding: not for a design (without --bits)");
  refused({"--bits", "8", "--design", "designs/b8-n4.safetensors"}, "--design: not for --reduce optinc with an ideal");
  refused({"--level-1", "designs/b8-n4-cascade-1.safetensors"}, "--level-1: not for --reduce optinc");
  refused({"--chip", "2"}, "--chip: not for --reduce optinc");
  refused({"--reduce", "chip", "--bits", "8"}, "--bits: not for --reduce chip");
  refused({"--stem", "cifar"}, "--stem: not for --model llama");
}

TEST(Train, ABadOptionLeavesTheRecordsThatAreThere) {
  const TemporaryFolder folder;
  for (const std::vector<std::string>& flags :
       {std::vector<std::string>{"--momentum", "2"}, {"--clip-norm", "-1"}, {"--weights", folder / "no/w"}}) {
    base::write_file_atomically(folder / "r.jsonl", "{}\n");
    std::vector<std::string> all{"--records", folder / "r.jsonl"};
    all.insert(all.end(), flags.begin(), flags.end());
    EXPECT_EQ(run_program(small_run(all)).exit_code, kBadInput) << flags[0];
    EXPECT_EQ(base::read_file(folder / "r.jsonl"), "{}\n") << flags[0];
  }
}

// 3,000 hours a step: beyond what a hardware file may say at step 51, and told before the first step.
TEST(Train, AChipThatWouldGrowTooOldIsRefusedAtOnce) {
  const TemporaryFolder folder;
  ASSERT_EQ(run_program({"compile", "designs/b8-n4.safetensors", "--out", folder / "chip.json"}).exit_code, kOk);
  expect_bad_input(
      run_program(small_run({"--reduce", "chip", "--program", folder / "chip.json", "--hours-per-step", "3000"}, "60")),
      "--hours-per-step 3000: 150000 hours at step 60, expected at most 100000");
}

// What a checkpoint was made with is known by its bytes, not by its name.
TEST(Train, ACheckpointKnowsTheDesignByItsContent) {
  const TemporaryFolder folder;
  const auto take = [&](const char* design) {
    std::filesystem::copy_file(design, folder / "d.safetensors", std::filesystem::copy_options::overwrite_existing);
  };
  take("designs/b8-n4.safetensors");
  const std::vector<std::string> flags{"--design", folder / "d.safetensors", "--checkpoint", folder / "c"};
  ASSERT_EQ(run_program(small_run(flags)).exit_code, kOk);
  take("designs/b8-n4-tolerant.safetensors");
  std::vector<std::string> resumed = flags;
  resumed.emplace_back("--resume");
  expect_bad_input(run_program(small_run(resumed)), "made with design");
}

TEST(Train, TakesTheErrorsOfACheck) {
  const TemporaryFolder folder;
  const Outcome check = run_program({"verify", "designs/b8-n4.safetensors", "--json"});
  base::Json errors = check.json();
  errors["errors"] = {{{"value", 1}, {"count", 285}}, {{"value", -4}, {"count", 95}}};
  base::write_file_atomically(folder / "check.json", errors.dump());
  ASSERT_EQ(run_program(small_run({"--inject", folder / "check.json", "--records", folder / "r.jsonl"})).exit_code,
            kOk);
  const base::Json injected = base::read_records(folder / "r.jsonl")[0]["design"]["injected"];
  EXPECT_EQ(injected["source"], "check.json");
  EXPECT_NEAR(injected["rate"].get<double>(), 380.0 / 28561, 1e-12);
  EXPECT_EQ(injected["errors"][0], (base::Json{{"value", 1}, {"share", 0.75}}));
  expect_bad_input(run_program(small_run({"--bits", "16", "--inject", "table2:1-2"})),
                   "expected one of the table's rows");
  expect_bad_input(run_program(small_run({"--inject", "rate:much"})), "expected a number behind");
  expect_bad_input(run_program(small_run({"--inject", "no-such.json"})), "expected table2:LAYERS, rate:R, or the file");
  base::write_file_atomically(folder / "other.json", "{\"a\": 1}");
  expect_bad_input(run_program(small_run({"--inject", folder / "other.json"})), "expected inputs and errors");
}

TEST(Train, TrainsAResnetAndWritesItsWeights) {
  const TemporaryFolder folder;
  workload::image_folder(folder / "images", 64, 20);
  const auto run = [&](const std::vector<std::string>& more) {
    std::vector<std::string> flags{"train",   "--model", "resnet20", "--data",    folder / "images",
                                   "--batch", "4",       "--json",   "--records", folder / "r.jsonl"};
    flags.insert(flags.end(), more.begin(), more.end());
    return run_program(flags);
  };
  const Outcome outcome = run({"--epochs", "2", "--weights", folder / "w.safetensors", "--bits", "8"});
  ASSERT_EQ(outcome.exit_code, kOk) << outcome.err;
  EXPECT_EQ(outcome.json()["steps"], 8);  // 64 images, 4 workers of 4: 4 steps an epoch
  EXPECT_EQ(outcome.json()["parameters"], 275572);
  const std::vector<base::Json> records = base::read_records(folder / "r.jsonl");
  EXPECT_EQ(records[0]["model"], "resnet20");
  EXPECT_EQ(records[0]["train_images"], 64);
  EXPECT_EQ(records[0]["steps_per_epoch"], 4);
  EXPECT_TRUE(records.back()["validation_top1"].is_number());
  EXPECT_TRUE(std::filesystem::exists(folder / "w.safetensors"));
  EXPECT_EQ(run_program({"report", folder / "r.jsonl", "--out", folder / "page.html"}).exit_code, kOk);

  expect_bad_input(run({"--steps", "2", "--epochs", "1"}), "--steps and --epochs");
  expect_bad_input(run({"--stem", "mnist"}), "stem");
  expect_bad_input(run_program({"train", "--model", "resnet20"}), "expected --data, CIFAR-100's folder or archive");
  expect_bad_input(run_program({"train", "--model", "vgg"}), "--model vgg");
  expect_bad_input(run_program(small_run({"--epochs", "2"})), "--epochs: not for --model llama");
}

}  // namespace
}  // namespace optinc::cli
