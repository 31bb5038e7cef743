#include "optinc/report/runs.h"

#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "optinc/base/error.h"
#include "optinc/report/testing.h"

namespace optinc::report {
namespace {

using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;

// The one line with which read_runs refuses `file`.
std::string refusal(const std::filesystem::path& file) {
  try {
    read_runs({file});
  } catch (const base::InputError& error) {
    EXPECT_THAT(error.what(), Not(HasSubstr("\n")));
    return error.what();
  }
  ADD_FAILURE() << "accepted " << file;
  return "";
}

TEST(ReadRuns, EveryRunRecordBeginsARun) {
  const auto file = write_records("both.records.jsonl", design_run(1) + epoch(1, 1, 0.5, 7) + train_run({}) +
                                                            step(1, "6.0") + design_run(2) + epoch(1, 1, 0.25, 3));
  const Runs runs = read_runs({file});
  ASSERT_EQ(runs.designs.size(), 2u);
  ASSERT_EQ(runs.trainings.size(), 1u);
  EXPECT_EQ(runs.designs[0].epochs[0].wrong, 7u);
  EXPECT_EQ(runs.designs[1].epochs[0].wrong, 3u);
  EXPECT_EQ(runs.trainings[0].steps.size(), 1u);
}

TEST(ReadRuns, NamesTellRunsApart) {
  const auto a = write_records("a.records.jsonl", design_run(1));
  const auto b = write_records("b.jsonl", design_run(1) + design_run(2));
  const Runs runs = read_runs({a, b});
  std::vector<std::string> names;
  for (const DesignRun& run : runs.designs) names.push_back(run.header.name);
  EXPECT_THAT(names, ElementsAre("a", "b #1", "b #2"));
}

TEST(ReadRuns, AResumedDesignCountsEachEpochOnce) {
  const auto file =
      write_records("d.jsonl", design_run() + epoch(1, 1, 0.5, 9) + epoch(2, 1, 0.4, 8) + verification(8, "[]") +
                                   "{\"type\":\"resume\",\"epoch\":1}\n" + epoch(2, 1, 0.3, 5));
  const DesignRun run = read_runs({file}).designs.at(0);
  ASSERT_EQ(run.epochs.size(), 2u);
  EXPECT_EQ(run.epochs[1].wrong, 5u);
  EXPECT_FALSE(run.verification) << "that of the run that was taken up again";
  EXPECT_THAT(run.header.resumed, ElementsAre(1));
}

TEST(ReadRuns, AResumedTrainingCountsEachStepOnce) {
  const auto file =
      write_records("t.jsonl", train_run({}) + step(1, "6.0") + step(2, "5.9") + validation(2, "5.8") +
                                   train_result(2, 24000) + "{\"type\":\"resume\",\"step\":1}\n" + step(2, "5.5"));
  const TrainRun run = read_runs({file}).trainings.at(0);
  ASSERT_EQ(run.steps.size(), 2u);
  EXPECT_EQ(run.steps[1].loss, 5.5);
  EXPECT_TRUE(run.validations.empty());
  EXPECT_FALSE(run.result);
}

TEST(ReadRuns, AHalfLastLineIsSkipped) {
  const auto file = write_records("d.jsonl", design_run() + epoch(1, 1, 0.5, 9) + "{\"type\":\"epoch\",\"ep");
  EXPECT_EQ(read_runs({file}).designs.at(0).epochs.size(), 1u);
}

TEST(ReadRuns, UnknownTypesAndKeysArePassedOver) {
  const auto file = write_records(
      "d.jsonl", design_run() + "{\"type\":\"weather\",\"sun\":true}\n" +
                     R"({"type":"epoch","epoch":1,"stage":1,"loss":1,"wrong":2,"seconds":3,"mood":"good"})"
                     "\n");
  EXPECT_EQ(read_runs({file}).designs.at(0).epochs.size(), 1u);
}

TEST(ReadRuns, ALossThatIsNoNumberIsNull) {
  const auto file = write_records("t.jsonl", train_run({}) + step(1, "null") + validation(1, "null"));
  const TrainRun run = read_runs({file}).trainings.at(0);
  EXPECT_TRUE(std::isnan(run.steps[0].loss));
  EXPECT_TRUE(std::isnan(run.validations[0].loss));
}

TEST(ReadRuns, WhatIsMissingIsNamedWithItsPlace) {
  const auto a = write_records("a.jsonl", design_run() + R"({"type":"epoch","epoch":1,"stage":1,"loss":1,"seconds":3})"
                                                         "\n");
  EXPECT_THAT(refusal(a), EndsWith("a.jsonl: record 2 (\"epoch\"): no key 'wrong'"));
  const auto b = write_records("b.jsonl", design_run() + verification(1, R"([{"value":1,"count":1}])"));
  EXPECT_THAT(refusal(b), EndsWith("b.jsonl: record 2 (\"verification\"): errors[0]: no key 'share'"));
  const auto c = write_records("c.jsonl", "{\"seed\":1}\n");
  EXPECT_THAT(refusal(c), EndsWith("c.jsonl: record 1: no key 'type'"));
}

TEST(ReadRuns, AWrongTypeIsNamedWithItsValue) {
  const auto a = write_records("a.jsonl", train_run({}) + step(1, "\"six\\nand a bit\""));
  EXPECT_THAT(refusal(a), EndsWith("record 2 (\"step\"): 'loss' is \"six\\nand a bit\", expected a number"));
  const auto b = write_records("b.jsonl", design_run() + epoch(1, 1, 0.5, -3));
  EXPECT_THAT(refusal(b), EndsWith("record 2 (\"epoch\"): 'wrong' is -3, expected an integer from 0"));
  const auto c = write_records("c.jsonl", design_run(1, "[1]"));
  EXPECT_THAT(refusal(c), EndsWith("record 1 (\"run\"): 'config' is [1], expected an object"));
}

TEST(ReadRuns, TrainingRunsBesideThePapersAreRead) {
  const std::string head = R"({"type":"run","command":"reproduce","version":"0.1.0","seed":0,"config":{}})"
                           "\n";
  const auto row = [](const std::string& interval) {
    return R"({"type":"training_reproduction","title":"Figure 7a","experiment":"e","variant":"OptINC",)"
           R"("baseline":"exact","metric":"validation_loss","paper_difference":0.018,"ours":{"seeds":3,"mean":4.5,)"
           R"("standard_deviation":0.25,"pairs":3,"difference":0.125,"interval_95":)" +
           interval + R"(},"differs":["8 bits, paper 16"]})" + "\n";
  };
  const Runs runs = read_runs({write_records("f.jsonl", head + row("[-1.0,1.5]") + row("null"))});
  ASSERT_EQ(runs.training_reproductions.size(), 2u);
  const TrainingReproduction& read = runs.training_reproductions[0];
  EXPECT_EQ(read.paper_difference, 0.018);
  EXPECT_EQ(read.interval_low, -1);
  EXPECT_EQ(read.interval_high, 1.5);
  EXPECT_THAT(read.differs, ElementsAre("8 bits, paper 16"));
  EXPECT_TRUE(std::isnan(runs.training_reproductions[1].interval_low));
  EXPECT_THAT(refusal(write_records("g.jsonl", head + row("[1]"))),
              EndsWith("ours: 'interval_95' is [1], expected [low, high]"));
}

TEST(ReadRuns, RefusesWhatIsNoRun) {
  EXPECT_THROW(read_runs({}), base::InputError);
  EXPECT_THAT(refusal(write_records("empty.jsonl", "")), EndsWith("no records, expected a 'run' record first"));
  EXPECT_THAT(refusal(write_records("half.jsonl", "{\"type\":\"ru")), HasSubstr("no records"));
  EXPECT_THAT(refusal(write_records("early.jsonl", epoch(1, 1, 1, 1))),
              EndsWith("record 1 (\"epoch\"): comes before any 'run' record"));
  EXPECT_THAT(
      refusal(write_records("other.jsonl",
                            "{\"type\":\"run\",\"command\":\"fly\",\"version\":\"1\",\"seed\":1,\"config\":{}}\n")),
      EndsWith(
          "'command' is \"fly\", expected \"design\", \"train\", \"reproduce\", \"model\", \"simgrid\", \"noise\", "
          "\"search\", \"compile\", \"simulate\", "
          "\"link-budget\" or \"error-law\""));
  EXPECT_THAT(refusal(write_records("text.jsonl", design_run() + "hello\n")),
              EndsWith("text.jsonl:2: not a JSON object"));
  EXPECT_THAT(refusal(test_folder() / "missing.jsonl"), HasSubstr("missing.jsonl"));
}

}  // namespace
}  // namespace optinc::report
