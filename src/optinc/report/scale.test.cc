// Costs at scale: their records, their part of the summary, their section.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "optinc/base/error.h"
#include "optinc/report/report.h"
#include "optinc/report/runs.h"
#include "optinc/report/testing.h"

namespace optinc::report {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::ThrowsMessage;

std::string modelled_case(int servers, double samples, double saved) {
  return fmt::format(
      R"({{"type":"model","model":"resnet50","bits":8,"element_bits":32,"fused":true,"overlapped":false,)"
      R"("servers":{},"samples":{},"saved_of_ring":{},"saved_of_best_other":0.1,)"
      R"("saved_of_ring_at_equal_bits":0.02,"saved_of_best_at_equal_bits":-0.01}})"
      "\n",
      servers, samples, saved);
}

const char* const kModelRun = R"({"type":"run","command":"model","version":"0.1.0"})"
                              "\n";
const char* const kReproduceRun = R"({"type":"run","command":"reproduce","version":"0.1.0","config":{"table":"fig6"}})"
                                  "\n";
const char* const kFigure6 = R"({"type":"figure6","servers":4,"paper":{"ring":1.5,"optinc":1},)"
                             R"("ours":{"ring":1.5,"optinc":1,"scales":0.0078}})"
                             "\n";
const char* const kFigure7b =
    R"({"type":"figure7b","model":"resnet50","assumptions":"all","in_words":"with everything",)"
    R"("paper":0.25,"ring_s":1e-4,"optinc_s":5e-5,"update_s":0,"most_saved":0.2,)"
    R"("samples":null,"computing_share":null})"
    "\n";

TEST(Scale, ReadsCasesAndFigures) {
  const auto model = write_records("model.jsonl", kModelRun + modelled_case(4, 1, 0.5) + modelled_case(64, 1, 0.7));
  const auto figures = write_records("figures.jsonl", std::string(kReproduceRun) + kFigure6 + kFigure7b);
  const Runs runs = read_runs({model, figures});
  ASSERT_EQ(runs.scale.runs.size(), 1u);
  ASSERT_EQ(runs.scale.cases.size(), 2u);
  EXPECT_EQ(runs.scale.cases[1].servers, 64u);
  EXPECT_EQ(runs.scale.cases[1].saved_of_ring, 0.7);
  ASSERT_EQ(runs.scale.figure6.size(), 1u);
  EXPECT_EQ(runs.scale.figure6[0].scales, 0.0078);
  ASSERT_EQ(runs.scale.figure7b.size(), 1u);
  EXPECT_TRUE(std::isnan(runs.scale.figure7b[0].samples));
}

TEST(Scale, ThePageHasItsSection) {
  const auto model = write_records("model.jsonl", kModelRun + modelled_case(4, 1, 0.5) + modelled_case(64, 1, 0.7));
  const auto figures = write_records("figures.jsonl", std::string(kReproduceRun) + kFigure6 + kFigure7b);
  const ReportInputs inputs{.records = {model, figures}};
  const std::string html = write_report(inputs);
  EXPECT_THAT(html, HasSubstr("What it buys at scale"));
  EXPECT_THAT(html, HasSubstr("never"));
  EXPECT_THAT(html, HasSubstr("Against the best of all others at equal bits"));
  const base::Json scale = report_summary(inputs)["scale"];
  EXPECT_EQ(scale["cases"].size(), 2u);
  EXPECT_EQ(scale["figure6"][0]["ring"], 1.5);
  EXPECT_TRUE(scale["figure7b"][0]["samples"].is_null());
}

TEST(Scale, WhatWasSimulatedStandsBesideTheClosedForm) {
  const auto file = write_records(
      "simgrid.jsonl",
      R"({"type":"run","command":"simgrid","version":"0.1.0"})"
      "\n"
      R"({"type":"simgrid","hosts":4,"algorithm":"ring","modelled_s":1.01e-4,"simulated_s":1e-4,"own_of_simgrid_s":null})"
      "\n");
  const ReportInputs inputs{.records = {file}};
  EXPECT_THAT(write_report(inputs), HasSubstr("+1.00 %"));
  EXPECT_EQ(report_summary(inputs)["scale"]["simulated"][0]["hosts"], 4);
}

// One number of servers is no curve.
TEST(Scale, ASingleCaseIsATable) {
  const auto model = write_records("model.jsonl", kModelRun + modelled_case(4, 1, 0.5));
  const std::string html = write_report({.records = {model}});
  EXPECT_THAT(html, HasSubstr("50.00 %"));
  EXPECT_THAT(html, Not(HasSubstr("Against the best of all others at equal bits")));
}

TEST(Scale, NamesWhatIsMissing) {
  const auto file = write_records("model.jsonl", std::string(kModelRun) + R"({"type":"model","model":"x"})" + "\n");
  EXPECT_THAT([&] { read_runs({file}); },
              ThrowsMessage<base::InputError>(HasSubstr("record 2 (\"model\"): no key 'bits'")));
}

}  // namespace
}  // namespace optinc::report
