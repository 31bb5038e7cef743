#include "optinc/report/experiments.h"

#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "optinc/report/runs.h"
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
  const Estimate difference = comparison.difference(Metric::loss);
  EXPECT_EQ(difference.mean, 0.1875);
  EXPECT_NEAR(difference.standard_deviation, 0.125 / std::sqrt(2), 1e-15);
  EXPECT_NEAR(difference.interval->high, 0.1875 + 12.7062 * 0.125 / 2, 1e-4);
  EXPECT_EQ(comparison.of_baseline(Metric::loss).mean, 4.25);
  EXPECT_EQ(comparison.of_other(Metric::loss).mean, 4.4375);
}

TEST_F(GroupByExperiment, ComparesAtTheLastStepThatBothReached) {
  add({.reduce = "ring"}, "5", "4.5");
  add({.reduce = "optinc"}, "5.5", "");
  const SeedPair& pair = group().at(0).comparisons.at(0).pairs.at(0);
  EXPECT_EQ(pair.step, 2u);
  EXPECT_EQ(pair.difference(Metric::loss), 0.5);
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
  EXPECT_THAT(group().at(0).variants, ElementsAre("ring", "OptINC, floor", "OptINC, nearest"));
  EXPECT_EQ(experiments_[0].comparisons.size(), 2u);
}

TEST_F(GroupByExperiment, APairHasTheSameTransportWhereThereIsOne) {
  add({.reduce = "ring", .transport = "threads"}, "5", "4.5");
  add({.reduce = "ring", .transport = "mpi"}, "5", "4.0");
  add({.reduce = "optinc", .transport = "mpi"}, "5", "4.25");
  const Comparison& comparison = group().at(0).comparisons.at(0);
  EXPECT_EQ(comparison.variant, "OptINC");
  EXPECT_EQ(comparison.pairs.at(0).of_baseline.loss, 4.0);
}

TEST_F(GroupByExperiment, RunsThatAreAlikeAreToldApartByName) {
  add({.reduce = "ring"}, "5", "4.5");
  add({.reduce = "ring"}, "5", "4.5");
  EXPECT_THAT(group().at(0).variants, ElementsAre("ring, run-0", "ring, run-1"));
}

TEST_F(GroupByExperiment, ADivergedRunGivesNoNumber) {
  add({.reduce = "ring"}, "5", "4.5");
  add({.reduce = "optinc"}, "5", "null");
  const Comparison& comparison = group().at(0).comparisons.at(0);
  EXPECT_EQ(comparison.pairs.at(0).step, 4u);
  EXPECT_TRUE(std::isnan(comparison.difference(Metric::loss).mean));
}

TEST_F(GroupByExperiment, TheBaselineIsExactWhereThereIsSuchARun) {
  add({.reduce = "ring"}, "5", "4.5");
  add({.reduce = "optinc"}, "5", "4.75");
  EXPECT_EQ(group().at(0).baseline, "ring");
  add({.reduce = "exact"}, "5", "4.25");
  EXPECT_EQ(group().at(0).baseline, "exact");
  EXPECT_THAT(experiments_[0].variants, ElementsAre("exact", "ring", "OptINC"));
  EXPECT_EQ(experiments_[0].seeds[0].members[0].variant, "exact");
  ASSERT_EQ(experiments_[0].comparisons.size(), 2u);
  EXPECT_EQ(experiments_[0].comparisons[0].variant, "ring");
  EXPECT_EQ(experiments_[0].comparisons[0].pairs[0].difference(Metric::loss), 0.25);
  EXPECT_EQ(experiments_[0].comparisons[1].pairs[0].difference(Metric::loss), 0.5);
}

TEST_F(GroupByExperiment, WithoutABaselineNothingIsCompared) {
  add({.reduce = "optinc"}, "5", "4.5");
  add({.reduce = "chip"}, "5", "4.5");
  EXPECT_EQ(group().at(0).baseline, "");
  EXPECT_TRUE(experiments_[0].comparisons.empty());
  EXPECT_THAT(experiments_[0].variants, ElementsAre("OptINC", "OptINC chip"));
}

TEST_F(GroupByExperiment, OtherModelsDataAndStepsAreOtherExperiments) {
  add({.reduce = "exact"}, "5", "4.5");
  add({.reduce = "exact", .model = "resnet20"}, "5", "4.5");
  add({.reduce = "exact", .model = "resnet18"}, "5", "4.5");
  add({.reduce = "exact", .steps = 8, .model = "resnet18"}, "5", "4.5");
  ASSERT_EQ(group().size(), 4u);
  EXPECT_EQ(experiments_[0].headline(), Metric::loss);
  EXPECT_THAT(experiments_[0].metrics(), ElementsAre(Metric::loss));
  EXPECT_EQ(experiments_[1].headline(), Metric::top1);
  EXPECT_THAT(experiments_[1].metrics(), ElementsAre(Metric::top1, Metric::loss));
  EXPECT_EQ(experiments_[3].planned_steps, 8u);
}

// Of 40 % and 50 % against 41 % and 48 %: +1 and -2 points.
TEST_F(GroupByExperiment, Top1IsComparedInPercentagePoints) {
  const auto add_images = [&](const char* reduce, std::uint64_t seed, const char* top1) {
    files_.push_back(write_records(fmt::format("run-{}.jsonl", files_.size()),
                                   train_run({.reduce = reduce, .seed = seed, .model = "resnet20"}) +
                                       image_validation(2, "4.5", "0.25") + image_validation(4, "4", top1)));
  };
  add_images("exact", 1, "0.40");
  add_images("exact", 2, "0.50");
  add_images("optinc", 1, "0.41");
  add_images("optinc", 2, "0.48");
  const Estimate difference = group().at(0).comparisons.at(0).difference(Metric::top1);
  EXPECT_NEAR(difference.mean, -0.5, 1e-12);
  EXPECT_NEAR(difference.standard_deviation, 3 / std::sqrt(2), 1e-12);
  EXPECT_TRUE(difference.interval->contains(0));
  EXPECT_EQ(experiments_[0].comparisons[0].difference(Metric::loss).mean, 0);
}

TEST_F(GroupByExperiment, VariantsHaveTheirRunsWhetherComparedOrNot) {
  add({.reduce = "exact", .seed = 1}, "5", "4.5");
  add({.reduce = "optinc", .seed = 2}, "5", "4.25");
  add({.reduce = "optinc", .seed = 1}, "5", "");
  const std::vector<VariantRuns> variants = runs_by_variant(group().at(0));
  ASSERT_EQ(variants.size(), 2u);
  ASSERT_EQ(variants[1].runs.size(), 2u);
  EXPECT_EQ(variants[1].runs[0]->header.seed, 1u);
  EXPECT_EQ(variants[1].last(Metric::loss).mean, 4.625);
  EXPECT_EQ(variants[0].last(Metric::loss).count, 1u);
}

}  // namespace
}  // namespace optinc::report
