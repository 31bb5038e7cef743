#include "optinc/report/train_runs.h"

#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "optinc/base/error.h"
#include "optinc/report/runs.h"
#include "optinc/report/testing.h"

namespace optinc::report {
namespace {

using testing::HasSubstr;

TrainRun read(const std::string& lines) {
  return read_runs({write_records("t.jsonl", lines)}).trainings.at(0);
}

void expect_refused(const std::string& lines, const std::string& message) {
  try {
    read(lines);
    ADD_FAILURE() << "accepted";
  } catch (const base::InputError& error) {
    EXPECT_THAT(error.what(), HasSubstr(message));
  }
}

TEST(TrainRuns, OldRecordsAreRead) {
  const auto file = write_records(
      "t.jsonl",
      R"({"type":"run","command":"train","version":"0.1.0","reduce":"optinc","workers":4,"transport":"threads","seed":1,"config":{"steps":200},"parameters":393344,"design":{"file":"d.safetensors","bits":8,"servers":4,"rounding":"nearest"},"train_tokens":300000,"validation_tokens":20000})"
      "\n"
      R"({"type":"step","step":1,"loss":6.24,"learning_rate":0.0001,"seconds":0.4,"non_finite_blocks":0})"
      "\n"
      R"({"type":"validation","step":100,"loss":4.31})"
      "\n");
  const Runs runs = read_runs({file});
  ASSERT_EQ(runs.trainings.size(), 1u);
  const TrainRun& run = runs.trainings[0];
  EXPECT_EQ(run.header.name, "t");
  EXPECT_EQ(run.parameters, 393344u);
  EXPECT_EQ(run.model, "llama");
  EXPECT_EQ(run.data, (TrainData{.train_tokens = 300000, .validation_tokens = 20000}));
  EXPECT_EQ(run.planned_steps, 200u);
  EXPECT_EQ(run.design->bits, 8u);
  EXPECT_EQ(run.design->rounding, "nearest");
  EXPECT_EQ(run.design->scale_format, "");
  EXPECT_FALSE(run.design->error_feedback);
  EXPECT_FALSE(run.design->injected);
  EXPECT_EQ(run.steps[0].loss, 6.24);
  EXPECT_EQ(run.validations[0].step, 100u);
  EXPECT_FALSE(run.validations[0].top1);
  EXPECT_TRUE(std::isnan(run.validations[0].value(Metric::top1)));
  EXPECT_TRUE(std::isnan(run.data.epochs(100)));
  EXPECT_FALSE(run.result);
}

TEST(TrainRuns, ImagesHaveTheirOwnData) {
  const TrainRun run = read(train_run({.reduce = "exact", .steps = 600, .model = "resnet20"}) +
                            image_validation(2, "4.5", "0.125") + image_validation(4, "4.25", "null"));
  EXPECT_EQ(run.model, "resnet20");
  EXPECT_FALSE(run.design);
  EXPECT_TRUE(run.data.has_images());
  EXPECT_EQ(run.data.train_images, 5000u);
  EXPECT_EQ(run.data.classes, 100u);
  EXPECT_EQ(run.data.epochs(run.planned_steps), 300);
  EXPECT_EQ(run.validations[0].value(Metric::top1), 12.5);
  EXPECT_EQ(run.validations[0].value(Metric::loss), 4.5);
  EXPECT_TRUE(std::isnan(run.validations[1].value(Metric::top1)));
}

// 300 epochs of 2.5 steps.
TEST(TrainRuns, EpochsPlanStepsWhereThereAreNone) {
  std::string run = train_run({.reduce = "exact", .model = "resnet20"});
  run.replace(run.find(R"({"steps":4})"), 11, R"({"epochs":300})");
  run.replace(run.find(R"("steps_per_epoch":2.0)"), 21, R"("steps_per_epoch":2.5)");
  EXPECT_EQ(read(run).planned_steps, 750u);
}

TEST(TrainRuns, OptionsThatSayNothingPlanNoSteps) {
  std::string run = train_run({});
  run.replace(run.find(R"({"steps":4})"), 11, R"({"steps":"4"})");
  EXPECT_EQ(read(run).planned_steps, 0u);
}

TEST(TrainRuns, HowGradientsGoThroughTheOptics) {
  const std::string keys =
      R"(,"block":256,"scale-format":"exponent8","quantiser-rounding":"stochastic","error-feedback":true,)"
      R"("injected":{"source":"table2:4-7","rate":1.4e-06,"errors":[{"value":1,"share":1.0}]},)"
      R"("fail_step":30,"lost_port":{"port":2,"step":20})";
  const TrainRun run = read(train_run({.reduce = "optinc", .bits = 16, .design_keys = keys}));
  ASSERT_TRUE(run.design);
  EXPECT_EQ(run.design->file, "d.safetensors");
  EXPECT_EQ(run.design->bits, 16u);
  EXPECT_EQ(run.design->block, 256u);
  EXPECT_EQ(run.design->scale_format, "exponent8");
  EXPECT_EQ(run.design->quantiser_rounding, "stochastic");
  EXPECT_TRUE(run.design->error_feedback);
  EXPECT_EQ(run.design->injected->source, "table2:4-7");
  EXPECT_EQ(run.design->injected->rate, 1.4e-6);
  EXPECT_EQ(run.design->fail_step, 30u);
  EXPECT_EQ(run.design->lost_port->port, 2u);
  EXPECT_EQ(run.design->lost_port->step, 20u);
}

TEST(TrainRuns, AnIdealDeviceHasNoFile) {
  std::string run = train_run({.reduce = "optinc", .design_keys = R"(,"injected":null)"});
  run.replace(run.find("\"d.safetensors\""), 15, "null");
  EXPECT_EQ(read(run).design->file, "");
  EXPECT_FALSE(read(run).design->injected);
}

TEST(TrainRuns, ErrorFeedbackMayBeAnOptionOfTheRun) {
  std::string run = train_run({.reduce = "optinc"});
  run.replace(run.find(R"({"steps":4})"), 11, R"({"steps":4,"error-feedback":true})");
  EXPECT_TRUE(read(run).design->error_feedback);
}

TEST(TrainRuns, ResultsHaveAnAccountAndAModel) {
  const TrainRun old = read(train_run({}) + train_result(4, 24000));
  EXPECT_FALSE(old.result->compute_seconds);
  EXPECT_FALSE(old.result->modelled);
  EXPECT_EQ(old.result->quantise_seconds, 0);
  const std::string modelled =
      R"({"line_rate_gbps":6400,"round_latency_s":1e-06,"optinc_seconds":null,"ring_seconds":0.25})";
  const TrainRun run = read(train_run({}) + account_result(4, 0.25, 0.75, modelled));
  EXPECT_EQ(run.result->compute_seconds, 4.0);
  EXPECT_EQ(run.result->emulate_seconds, 0.75);
  EXPECT_EQ(run.result->modelled->ring_seconds, 0.25);
  EXPECT_TRUE(std::isnan(run.result->modelled->optinc_seconds));
  EXPECT_FALSE(read(train_run({}) + account_result(4, 0, 0)).result->modelled);
}

TEST(TrainRuns, WhatIsMissingOrWrongIsNamed) {
  std::string run = train_run({.reduce = "exact", .model = "resnet20"});
  const std::string whole = run;
  run.replace(run.find(R"("classes")"), 9, R"("kinds")");
  expect_refused(run, R"(t.jsonl: record 1 ("run"): no key 'classes')");
  run = whole;
  run.replace(run.find(R"("steps_per_epoch":2.0)"), 21, R"("steps_per_epoch":0)");
  expect_refused(run, "'steps_per_epoch' is 0, expected a number above 0");
  run = whole;
  run.replace(run.find(R"("train_images":5000)"), 19, R"("train_images":0)");
  expect_refused(run, "'train_images' is 0, expected an integer from 1");
  expect_refused(train_run({.reduce = "optinc", .design_keys = R"(,"error-feedback":1)"}),
                 "design: 'error-feedback' is 1, expected true or false");
  expect_refused(train_run({.reduce = "optinc", .design_keys = R"(,"injected":{"rate":0.5})"}),
                 "design: injected: no key 'source'");
  expect_refused(train_run({}) + account_result(4, 0, 0, R"({"round_latency_s":1})"),
                 "modelled: no key 'line_rate_gbps'");
}

}  // namespace
}  // namespace optinc::report
