#include "optinc/report/experiments.h"

#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "optinc/report/testing.h"

namespace optinc::report {
namespace {

using testing::ElementsAre;

class GroupByExperiment : public testing::Test {
 protected:
  // A run in a file of its own, with validation losses at steps 2 and 4.
  void add(const TrainRunText& run, const std::string& at_2, const std::string& at_4) {
    const std::string name = fmt::format("run-{}.jsonl", files_.size());
    files_.push_back(
        write_records(name, train_run(run) + validation(2, at_2) + (at_4.empty() ? "" : validation(4, at_4))));
  }
  const std::vector<Experiment>& group() {
    runs_ = read_runs(files_);
    experiments_ = group_by_experiment(runs_.trainings);
    return experiments_;
  }

  std::vector<std::filesystem::path> files_;
  Runs runs_;
  std::vector<Experiment> experiments_;
};

TEST_F(GroupByExperiment, PairsBySeedWhateverTheOrder) {
  add({.reduce = "optinc", .seed = 2}, "5", "4.125");
  add({.reduce = "ring", .seed = 1}, "5", "4.5");
  add({.reduce = "optinc", .seed = 1}, "5", "4.75");
  add({.reduce = "ring", .seed = 2}, "5", "4.0");
  ASSERT_EQ(group().size(), 1u);
  const Experiment& experiment = experiments_[0];
  EXPECT_THAT(experiment.variants, ElementsAre("ring", "OptINC"));
  ASSERT_EQ(experiment.seeds.size(), 2u);
  EXPECT_EQ(experiment.seeds[0].seed, 1u);
  EXPECT_EQ(experiment.seeds[0].members[0].variant, "ring");
  ASSERT_EQ(experiment.comparisons.size(), 1u);
  const Comparison& comparison = experiment.comparisons[0];
  ASSERT_EQ(comparison.pairs.size(), 2u);
  // Differences 0.25 and 0.125: mean 0.1875, deviation 0.125 / sqrt(2).
  EXPECT_EQ(comparison.difference().mean, 0.1875);
  EXPECT_NEAR(comparison.difference().standard_deviation, 0.125 / std::sqrt(2), 1e-15);
}

TEST_F(GroupByExperiment, ComparesAtTheLastStepThatBothReached) {
  add({.reduce = "ring"}, "5", "4.5");
  add({.reduce = "optinc"}, "5.5", "");
  const SeedPair& pair = group().at(0).comparisons.at(0).pairs.at(0);
  EXPECT_EQ(pair.step, 2u);
  EXPECT_EQ(pair.difference(), 0.5);
}

TEST_F(GroupByExperiment, ARunAloneIsNotCompared) {
  add({.reduce = "ring", .seed = 1}, "5", "4.5");
  add({.reduce = "optinc", .seed = 2}, "5", "4.5");
  EXPECT_TRUE(group().at(0).comparisons.empty());
  EXPECT_EQ(experiments_[0].seeds.size(), 2u);
}

TEST_F(GroupByExperiment, AnotherModelIsAnotherExperiment) {
  add({.reduce = "ring", .parameters = 1000}, "5", "4.5");
  add({.reduce = "optinc", .parameters = 2000}, "5", "4.5");
  ASSERT_EQ(group().size(), 2u);
  EXPECT_EQ(experiments_[0].parameters, 1000u);
  EXPECT_TRUE(experiments_[1].comparisons.empty());
}

TEST_F(GroupByExperiment, DesignsOfOneSeedAreToldApartByRounding) {
  add({.reduce = "ring"}, "5", "4.5");
  add({.reduce = "optinc", .rounding = "floor"}, "5", "4.75");
  add({.reduce = "optinc", .rounding = "nearest"}, "5", "4.5");
  EXPECT_THAT(group().at(0).variants, ElementsAre("ring", "OptINC, 8 bits, floor", "OptINC, 8 bits, nearest"));
  EXPECT_EQ(experiments_[0].comparisons.size(), 2u);
}

TEST_F(GroupByExperiment, APairHasTheSameTransportWhereThereIsOne) {
  add({.reduce = "ring", .transport = "threads"}, "5", "4.5");
  add({.reduce = "ring", .transport = "mpi"}, "5", "4.0");
  add({.reduce = "optinc", .transport = "mpi"}, "5", "4.25");
  const Comparison& comparison = group().at(0).comparisons.at(0);
  EXPECT_EQ(comparison.variant, "OptINC, 8 bits, nearest, mpi");
  EXPECT_EQ(comparison.pairs.at(0).ring_loss, 4.0);
}

TEST_F(GroupByExperiment, RunsThatAreAlikeAreToldApartByName) {
  add({.reduce = "ring"}, "5", "4.5");
  add({.reduce = "ring"}, "5", "4.5");
  EXPECT_THAT(group().at(0).variants, ElementsAre("ring, threads, run-0", "ring, threads, run-1"));
}

TEST_F(GroupByExperiment, ADivergedRunGivesNoNumber) {
  add({.reduce = "ring"}, "5", "4.5");
  add({.reduce = "optinc"}, "5", "null");
  const Comparison& comparison = group().at(0).comparisons.at(0);
  EXPECT_EQ(comparison.pairs.at(0).step, 4u);
  EXPECT_TRUE(std::isnan(comparison.difference().mean));
}

}  // namespace
}  // namespace optinc::report
