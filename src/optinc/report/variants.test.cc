#include "optinc/report/variants.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "optinc/report/runs.h"
#include "optinc/report/testing.h"

namespace optinc::report {
namespace {

using testing::ElementsAre;

std::vector<std::string> names(const std::vector<TrainRunText>& texts) {
  std::vector<std::filesystem::path> files;
  for (const TrainRunText& text : texts) {
    files.push_back(write_records(fmt::format("run-{}.jsonl", files.size()), train_run(text)));
  }
  const Runs runs = read_runs(files);
  std::vector<const TrainRun*> pointers;
  for (const TrainRun& run : runs.trainings) pointers.push_back(&run);
  return name_variants(pointers);
}

TEST(NameVariants, ByHowTheyReduce) {
  EXPECT_THAT(
      names({{.reduce = "exact"},
             {.reduce = "ring"},
             {.reduce = "optinc"},
             {.reduce = "optinc-cascade-basic"},
             {.reduce = "optinc-cascade"},
             {.reduce = "chip"},
             {.reduce = "pigeon"}}),
      ElementsAre("exact", "ring", "OptINC", "OptINC basic cascade", "OptINC cascade", "OptINC chip", "pigeon"));
}

TEST(NameVariants, SeedsDoNotTellThemApart) {
  EXPECT_THAT(names({{.reduce = "optinc", .seed = 1}, {.reduce = "optinc", .seed = 2, .transport = "mpi"}}),
              ElementsAre("OptINC", "OptINC"));
}

TEST(NameVariants, ByTheDesignWhereItDiffers) {
  EXPECT_THAT(names({{.reduce = "optinc", .bits = 8}, {.reduce = "optinc", .bits = 16}, {.reduce = "ring"}}),
              ElementsAre("OptINC 8 bits", "OptINC 16 bits", "ring"));
  EXPECT_THAT(names({{.reduce = "optinc", .rounding = "floor"},
                     {.reduce = "optinc", .rounding = "nearest", .bits = 16},
                     {.reduce = "optinc-cascade", .rounding = "floor"}}),
              ElementsAre("OptINC 8 bits, floor", "OptINC 16 bits, nearest", "OptINC cascade"));
  EXPECT_THAT(names({{.reduce = "optinc",
                      .design_keys = R"(,"block":256,"scale-format":"absmax16","quantiser-rounding":"half-even")"},
                     {.reduce = "optinc",
                      .design_keys = R"(,"block":512,"scale-format":"exponent8","quantiser-rounding":"stochastic")"}}),
              ElementsAre("OptINC, scales absmax16, half-even quantiser, blocks of 256",
                          "OptINC, scales exponent8, stochastic quantiser, blocks of 512"));
}

// Designs of two seeds that differ are two variants, even if no seed has both.
TEST(NameVariants, WhatDiffersIsNeverTakenTogether) {
  EXPECT_THAT(names({{.reduce = "optinc", .seed = 1, .bits = 8}, {.reduce = "optinc", .seed = 2, .bits = 16}}),
              ElementsAre("OptINC 8 bits", "OptINC 16 bits"));
}

TEST(NameVariants, WhatIsNotPlainIsAlwaysSaid) {
  EXPECT_THAT(names({{.reduce = "optinc", .design_keys = R"(,"error-feedback":true)"}}),
              ElementsAre("OptINC, error feedback"));
  EXPECT_THAT(names({{.reduce = "optinc", .design_keys = R"(,"injected":{"source":"table2:4-7","rate":1e-06})"},
                     {.reduce = "optinc", .design_keys = R"(,"injected":{"source":"rate:1e-4","rate":0.0001})"},
                     {.reduce = "optinc", .design_keys = R"(,"injected":{"source":"out/v.jsonl","rate":0.0001})"}}),
              ElementsAre("OptINC, errors of Table II (4-7)", "OptINC, errors of ±1 at rate 1e-4",
                          "OptINC, errors of v.jsonl"));
  EXPECT_THAT(names({{.reduce = "optinc", .design_keys = R"(,"fail_step":30)"},
                     {.reduce = "optinc", .design_keys = R"(,"lost_port":{"port":2,"step":20})"}}),
              ElementsAre("OptINC, no device from step 30", "OptINC, port 2 dark from step 20"));
}

TEST(NameVariants, ChipsByTheirHardware) {
  const auto chip = [](const std::string& hardware, const std::string& correction, int number,
                       const std::string& more) {
    return TrainRunText{.reduce = "chip",
                        .design_keys = fmt::format(R"(,"hardware":"{}","correction":"{}","chip":{}{})", hardware,
                                                   correction, number, more)};
  };
  EXPECT_THAT(names({chip("silicon", "none", 0, ""), chip("my/nitride.toml", "local", 0, "")}),
              ElementsAre("OptINC chip, silicon, correction none", "OptINC chip, nitride, correction local"));
  EXPECT_THAT(
      names({chip("ideal", "none", 0, ""), chip("ideal", "none", 3, ""),
             chip("ideal", "none", 0, R"(,"hours_per_step":0.5)")}),
      ElementsAre("OptINC chip, chip 0", "OptINC chip, chip 3", "OptINC chip, chip 0, ageing 0.5 hours a step"));
  EXPECT_THAT(names({chip("ideal", "none", 0, R"(,"differences":{"a.b":1})"),
                     chip("ideal", "none", 0, R"(,"differences":{"a.b":2})")}),
              ElementsAre("OptINC chip, but for {\"a.b\":1}", "OptINC chip, but for {\"a.b\":2}"));
}

TEST(NameVariants, ErrorsOfOneSourceAreToldApartByTheirRate) {
  EXPECT_THAT(
      names({{.reduce = "optinc", .design_keys = R"(,"injected":{"source":"v","rate":0.001})"},
             {.reduce = "optinc", .design_keys = R"(,"injected":{"source":"v","rate":0.002})"},
             {.reduce = "optinc", .design_keys = R"(,"injected":{"source":"w","rate":0.004})"}}),
      ElementsAre("OptINC, errors of v, 0.1 % wrong", "OptINC, errors of v, 0.2 % wrong", "OptINC, errors of w"));
}

TEST(NameVariants, RunsOfOneSeedThatLookAlikeGetMore) {
  EXPECT_THAT(names({{.reduce = "ring", .transport = "threads"},
                     {.reduce = "ring", .transport = "mpi"},
                     {.reduce = "ring", .seed = 2},
                     {.reduce = "optinc", .transport = "mpi"}}),
              ElementsAre("ring, threads", "ring, mpi", "ring, threads", "OptINC"));
  EXPECT_THAT(names({{.reduce = "ring"}, {.reduce = "ring"}, {.reduce = "optinc"}}),
              ElementsAre("ring, run-0", "ring, run-1", "OptINC"));
}

TEST(NameVariants, AnIdealDeviceIsToldFromADesign) {
  std::string ideal = train_run({.reduce = "optinc"});
  ideal.replace(ideal.find("\"d.safetensors\""), 15, "null");
  const auto a = write_records("a.jsonl", ideal);
  const auto b = write_records("b.jsonl", train_run({.reduce = "optinc"}));
  const Runs runs = read_runs({a, b});
  EXPECT_THAT(name_variants({&runs.trainings[0], &runs.trainings[1]}),
              ElementsAre("OptINC, ideal device", "OptINC, d"));
}

}  // namespace
}  // namespace optinc::report
