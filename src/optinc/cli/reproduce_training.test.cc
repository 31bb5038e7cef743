#include "optinc/cli/reproduce_training.h"

#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "optinc/base/record.h"
#include "optinc/cli/testing.h"

namespace optinc::cli {
namespace {

using base::Json;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

Json text_run(const char* reduce, int seed) {
  return {{"type", "run"},
          {"command", "train"},
          {"version", "0.1.0"},
          {"model", "llama"},
          {"reduce", reduce},
          {"workers", 4},
          {"transport", "threads"},
          {"seed", seed},
          {"config", {{"steps", 50000}, {"layers", 8}, {"hidden", 384}, {"heads", 8}, {"data", "wikipedia-excerpt"}}},
          {"parameters", 1000},
          {"design", nullptr},
          {"train_tokens", 5000},
          {"validation_tokens", 50}};
}

Json image_run(const char* reduce, int seed) {
  Json run = text_run(reduce, seed);
  run.erase("train_tokens");
  run.erase("validation_tokens");
  run["model"] = "resnet20";
  run["config"] = {{"steps", 60}, {"data", "cifar-100-binary"}};
  run.update({{"train_images", 5000}, {"validation_images", 1000}, {"classes", 100}, {"steps_per_epoch", 2.0}});
  return run;
}

Json design(int bits) {
  return {{"file", nullptr}, {"bits", bits}, {"servers", 4}, {"rounding", "nearest"}};
}

Json with_design(Json run, const Json& design) {
  run["design"] = design;
  return run;
}

Json with_errors(Json design, const char* source) {
  design["injected"] = {{"source", source}, {"rate", 1e-6}, {"errors", Json::array()}};
  return design;
}

/// Appends a run with one validation.
void add(const std::string& file, const Json& run, int step, double loss, double top1 = -1) {
  std::filesystem::create_directories(std::filesystem::path(file).parent_path());
  base::RecordWriter writer(file, base::RecordMode::append);
  writer.write(run);
  Json validation{{"type", "validation"}, {"step", step}, {"loss", loss}};
  if (top1 >= 0) validation["top1"] = top1;
  writer.write(validation);
}

Outcome reproduce(const std::string& runs, const std::vector<std::string>& more = {}) {
  std::vector<std::string> arguments = {"reproduce", "fig7a", "--runs", runs};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return run_program(arguments);
}

// Top-1 50, 52 % exact; differences +1, -2 points: mean -0.5, deviation 2.12.
void add_images(const TemporaryFolder& folder) {
  add(folder / "deep/er/exact-1.jsonl", image_run("exact", 1), 60, 2.5, 0.50);
  add(folder / "deep/er/exact-2.jsonl", image_run("exact", 2), 60, 2.5, 0.52);
  add(folder / "optinc-1.jsonl", with_design(image_run("optinc", 1), design(16)), 60, 2.5, 0.51);
  add(folder / "optinc-2.jsonl", with_design(image_run("optinc", 2), design(16)), 60, 2.5, 0.50);
  add(folder / "errors-1.jsonl", with_design(image_run("optinc", 1), with_errors(design(16), "table2:4-7")), 60, 2.75,
      0.49);
}

TEST(ReproduceTraining, PutsImagesBesideThePapers) {
  const TemporaryFolder folder;
  add_images(folder);
  const Outcome outcome = reproduce(folder / "", {"--json"});
  ASSERT_EQ(outcome.exit_code, kOk) << outcome.err;
  const Json experiments = outcome.json()["experiments"];
  ASSERT_EQ(experiments.size(), 1u);
  EXPECT_EQ(experiments[0]["paper"]["difference_with_errors"], -0.55);
  EXPECT_THAT(experiments[0]["differs"].get<std::vector<std::string>>(),
              ElementsAre("ResNet20 with 1,000 parameters, paper ResNet50", "30 epochs, paper 300",
                          "5,000 training images, paper 50,000"));
  const Json& rows = experiments[0]["rows"];
  ASSERT_EQ(rows.size(), 3u);
  EXPECT_EQ(rows[0]["variant"], "exact");
  EXPECT_TRUE(rows[0]["paper_difference"].is_null());
  EXPECT_EQ(rows[0]["ours"]["mean"], 51.0);
  const auto optinc = std::ranges::find_if(rows, [](const Json& row) { return row["variant"] == "OptINC"; });
  ASSERT_NE(optinc, rows.end());
  EXPECT_EQ((*optinc)["paper_difference"], -0.03);
  EXPECT_EQ((*optinc)["metric"], "validation_top1_percent");
  EXPECT_EQ((*optinc)["ours"]["pairs"], 2);
  EXPECT_EQ((*optinc)["ours"]["epochs"], 30.0);
  EXPECT_NEAR((*optinc)["ours"]["difference"].get<double>(), -0.5, 1e-9);
  // 12.706 times the deviation 3 / sqrt(2) by sqrt(2).
  EXPECT_NEAR((*optinc)["ours"]["interval_95"][1].get<double>(), -0.5 + 12.7062 * 1.5, 1e-3);
  EXPECT_EQ((*optinc)["ours"]["contains_zero"], true);
  EXPECT_EQ((*optinc)["comparison"]["metrics"][1]["metric"], "validation_loss");
  const auto errors =
      std::ranges::find_if(rows, [](const Json& row) { return row["variant"] == "OptINC, errors of Table II (4-7)"; });
  ASSERT_NE(errors, rows.end());
  EXPECT_EQ((*errors)["paper_difference"], -0.55);
  EXPECT_EQ((*errors)["ours"]["seeds"], 1);
  EXPECT_TRUE((*errors)["ours"]["interval_95"].is_null());
}

TEST(ReproduceTraining, SaysItInWords) {
  const TemporaryFolder folder;
  add_images(folder);
  const Outcome outcome = reproduce(folder / "");
  ASSERT_EQ(outcome.exit_code, kOk) << outcome.err;
  EXPECT_THAT(outcome.out, AllOf(HasSubstr("paper: ResNet50 on CIFAR-100, 300 epochs, 4 servers, 16 bits"),
                                 HasSubstr("top-1 accuracy, %; differences to exact in percentage points"),
                                 HasSubstr("51.00 ± 1.41"), HasSubstr("-19.56 to +18.56: contains zero"),
                                 HasSubstr("one seed: none"), HasSubstr("step 60 (epoch 30), 2 of 2 runs not finished"),
                                 HasSubstr("-0.55")));
}

TEST(ReproduceTraining, TextIsJudgedByItsLoss) {
  const TemporaryFolder folder;
  for (const int seed : {1, 2, 3}) {
    add(folder / "runs.jsonl", text_run("ring", seed), 50000, 3.5);
    add(folder / "runs.jsonl", with_design(text_run("optinc", seed), design(8)), 50000, 3.5 + 0.015625);
    Json feedback = design(8);
    feedback["error-feedback"] = true;
    add(folder / "runs.jsonl", with_design(text_run("optinc", seed), with_errors(feedback, "v.json")), 50000, 3.5);
  }
  const Outcome outcome = reproduce(folder / "", {"--json"});
  ASSERT_EQ(outcome.exit_code, kOk) << outcome.err;
  const Json experiment = outcome.json()["experiments"][0];
  EXPECT_THAT(experiment["differs"].get<std::vector<std::string>>(),
              ElementsAre("5,000 training tokens (the paper does not say how many)"));
  const Json& rows = experiment["rows"];
  EXPECT_EQ(rows[1]["baseline"], "ring");
  EXPECT_EQ(rows[1]["paper_difference"], 0.018);
  EXPECT_EQ(rows[1]["ours"]["difference"], 0.015625);
  EXPECT_EQ(rows[1]["ours"]["contains_zero"], false);
  EXPECT_THAT(rows[1]["differs"].get<std::vector<std::string>>(), ElementsAre("8 bits, paper 16"));
  EXPECT_TRUE(rows[2]["paper_difference"].is_null()) << "these are not the paper's errors";
  EXPECT_THAT(rows[2]["differs"].get<std::vector<std::string>>(),
              ElementsAre("8 bits, paper 16", "error feedback, paper none"));
  EXPECT_THAT(reproduce(folder / "").out, HasSubstr("+0.0156 to +0.0156: without zero"));
}

TEST(ReproduceTraining, OtherModelsAndDataAreToldFromThePapers) {
  const TemporaryFolder folder;
  Json run = text_run("exact", 1);
  run["workers"] = 2;
  run["config"] = {{"steps", 300}, {"layers", 4}, {"hidden", 128}, {"heads", 8}, {"data", "shakespeare"}};
  add(folder / "a.jsonl", run, 300, 3.5);
  EXPECT_THAT(reproduce(folder / "", {"--json"}).json()["experiments"][0]["differs"].get<std::vector<std::string>>(),
              ElementsAre("4 layers, paper 8", "128 hidden, paper 384", "data shakespeare, paper Wikipedia",
                          "300 steps, paper 50,000", "5,000 training tokens (the paper does not say how many)",
                          "2 servers, paper 4"));
}

// A cascade, a chip, a device that fails: the paper trained with none of them.
TEST(ReproduceTraining, WhatThePaperDidNotTrainHasNoPublishedFigure) {
  const TemporaryFolder folder;
  add(folder / "a.jsonl", text_run("exact", 1), 50000, 3.5);
  add(folder / "b.jsonl", with_design(text_run("optinc-cascade", 1), design(16)), 50000, 3.5);
  add(folder / "c.jsonl", with_design(text_run("chip", 1), design(16)), 50000, 3.5);
  Json failing = design(16);
  failing["fail_step"] = 100;
  add(folder / "d.jsonl", with_design(text_run("optinc", 1), failing), 50000, 3.5);
  const Json rows = reproduce(folder / "", {"--json"}).json()["experiments"][0]["rows"];
  ASSERT_EQ(rows.size(), 4u);
  for (const Json& row : rows) EXPECT_TRUE(row["paper_difference"].is_null()) << row["variant"];
}

TEST(ReproduceTraining, OldRecordsAreRead) {
  const Outcome outcome = reproduce("runs/train-8bit-4servers", {"--json"});
  ASSERT_EQ(outcome.exit_code, kOk) << outcome.err;
  const Json rows = outcome.json()["experiments"][0]["rows"];
  EXPECT_EQ(rows[0]["variant"], "ring");
  EXPECT_EQ(rows[1]["ours"]["pairs"], 3);
  EXPECT_EQ(rows[1]["ours"]["finished"], 3);
}

TEST(ReproduceTraining, WritesRecordsForTheReport) {
  const TemporaryFolder folder;
  add_images(folder);
  // Written into the folder that is read: no run of training, so passed over.
  ASSERT_EQ(reproduce(folder / "", {"--records", folder / "f.jsonl"}).exit_code, kOk);
  ASSERT_EQ(reproduce(folder / "", {"--records", folder / "f.jsonl"}).exit_code, kOk);
  const auto records = base::read_records(folder / "f.jsonl");
  ASSERT_EQ(records.size(), 4u);
  EXPECT_EQ(records[0]["command"], "reproduce");
  EXPECT_EQ(records[1]["type"], "training_reproduction");
  EXPECT_EQ(records[1]["differs"].size(), 3u);
  const Outcome report = run_program({"report", folder / "f.jsonl", "--out", folder / "page.html", "--json"});
  ASSERT_EQ(report.exit_code, kOk) << report.err;
  EXPECT_EQ(report.json()["training_reproductions"].size(), 3u);
}

TEST(ReproduceTraining, ARunThatWasJustBegunIsNothingToShow) {
  const TemporaryFolder folder;
  base::RecordWriter writer(folder / "a.jsonl", base::RecordMode::replace);
  writer.write(text_run("exact", 1));
  const std::ofstream empty(folder / "empty.jsonl");
  const Outcome outcome = reproduce(folder / "");
  EXPECT_EQ(outcome.exit_code, kFailed);
  EXPECT_THAT(outcome.out, HasSubstr("no run has been validated yet"));
}

TEST(ReproduceTraining, RefusesWhatHasNoTraining) {
  const TemporaryFolder folder;
  expect_bad_input(reproduce(folder / "none"), "no such folder");
  expect_bad_input(reproduce(folder / ""), "no records of optinc train in it, expected *.jsonl");
  base::RecordWriter writer(folder / "d.jsonl", base::RecordMode::replace);
  writer.write({{"type", "run"}, {"command", "design"}, {"version", "0.1.0"}, {"seed", 1}, {"config", Json::object()}});
  expect_bad_input(reproduce(folder / ""), "no records of optinc train in it");
  std::ofstream(folder / "broken.jsonl") << "hello\n";
  expect_bad_input(reproduce(folder / ""), "broken.jsonl:1: not a JSON object");
}

TEST(ReproduceTraining, RefusesFlagsThatSayNothing) {
  const TemporaryFolder folder;
  add_images(folder);
  expect_bad_input(reproduce(folder / "", {"--only", "b8-n4"}), "--only: not for fig7a");
  expect_bad_input(reproduce(folder / "", {"--sample", "10"}), "--sample: not for fig7a");
  expect_bad_input(reproduce(folder / "", {"--records", folder / "none/f.jsonl"}), "no such folder");
  expect_bad_input(run_program({"reproduce", "table1", "--runs", folder / ""}), "--runs: not for table1");
}

}  // namespace
}  // namespace optinc::cli
