// The page's part about training through the interconnect, from the records of ResNets in testdata: three seeds of
// exact averages, of OptINC, and of OptINC with the errors of Table II; one run with error feedback that isn't
// finished.
#include <cstdlib>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "optinc/base/atomic_file.h"
#include "optinc/report/report.h"
#include "optinc/report/testing.h"

namespace optinc::report {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

const std::filesystem::path kTestData = "src/optinc/report/testdata";

ReportInputs fixed_inputs() {
  return {.records = {kTestData / "resnet.records.jsonl"}};
}

std::string cells(const std::vector<std::string>& texts) {
  std::string html = "<td>" + texts.front() + "</td>";
  for (std::size_t i = 1; i < texts.size(); ++i) html += "<td class=\"number\">" + texts[i] + "</td>";
  return html;
}

// To renew it after a change that is meant: OPTINC_UPDATE_GOLDEN=1 optinc_report_test --gtest_filter='*Golden*'
TEST(Training, SummaryGolden) {
  const std::filesystem::path golden = kTestData / "training_summary.golden.json";
  const std::string summary = report_summary(fixed_inputs()).dump(2) + "\n";
  if (std::getenv("OPTINC_UPDATE_GOLDEN") != nullptr) base::write_file_atomically(golden, summary);
  EXPECT_EQ(summary, base::read_file(golden));
}

TEST(Training, ManyVariantsAreSummedUpInTheSentence) {
  EXPECT_EQ(report_summary(fixed_inputs())["sentence"],
            "Top-1 accuracy exact 52.67\u00a0%, from which 3 variants differ by −5.00 to 0.00 percentage points (means "
            "over seeds; not all runs are finished), zero being outside 1 of 2 95\u00a0% intervals; bytes a port "
            "sends: 0.501× to 1.5× of the payload.");
}

// Vega warns of a layer without values: its axis has no extent.
TEST(Training, RunsThatAreNotValidatedYetHaveNoLayerOfValidations) {
  const auto layers = [](const std::string& lines) {
    const std::string html =
        write_report({.records = {write_records("r.jsonl", train_run({.reduce = "exact"}) + lines)}});
    return base::Json::parse(script(html, "charts"))[0]["specification"]["layer"].size();
  };
  EXPECT_EQ(layers(step(1, "4.5")), 2u);
  EXPECT_EQ(layers(step(1, "4.5") + validation(1, "4.5")), 3u);
}

TEST(Training, SeveralModelsAreNamedInTheSentence) {
  ReportInputs inputs = fixed_inputs();
  inputs.records.push_back(write_records("other.jsonl", train_run({.reduce = "exact"}) + validation(4, "4.5")));
  EXPECT_THAT(report_summary(inputs)["sentence"].get<std::string>(),
              AllOf(HasSubstr("rained through the interconnect: "), HasSubstr(" parameters), ")));
}

TEST(Training, OneSeedHasNoInterval) {
  const auto exact = write_records("a.jsonl", train_run({.reduce = "exact"}) + validation(4, "4.5"));
  const auto optinc = write_records("b.jsonl", train_run({.reduce = "optinc"}) + validation(4, "4.25"));
  const ReportInputs inputs{.records = {exact, optinc}};
  EXPECT_EQ(report_summary(inputs)["sentence"],
            "Validation loss exact 4.500, OptINC 4.250 after 4 steps (one seed: no interval).");
  EXPECT_THAT(section(write_report(inputs), "training"), HasSubstr("<td>one seed: no interval</td>"));
  const base::Json difference = report_summary(inputs)["experiments"][0]["comparisons"][0]["metrics"][0]["difference"];
  EXPECT_EQ(difference["mean"], -0.25);
  EXPECT_TRUE(difference["interval_95"].is_null());
  EXPECT_TRUE(difference["contains_zero"].is_null());
}

// Differences +1, -1, 0 points: mean 0, deviation 1, interval -+ 4.303 / sqrt(3). With errors -4, -5, -6.
TEST(Training, VariantsAreComparedInPercentagePoints) {
  const std::string part = section(write_report(fixed_inputs()), "training");
  EXPECT_THAT(part, HasSubstr(cells({"OptINC", "3", "52.67\u00a0±\u00a02.52", "52.67\u00a0±\u00a02.08",
                                     "0.00\u00a0±\u00a01.00", "−2.48 to +2.48"}) +
                              "<td>contains zero</td>"));
  EXPECT_THAT(part, HasSubstr(cells({"OptINC, errors of Table II (4-7)", "3", "52.67\u00a0±\u00a02.52",
                                     "47.67\u00a0±\u00a01.53", "−5.00\u00a0±\u00a01.00", "−7.48 to −2.52"}) +
                              "<td>does not contain zero</td>"));
  EXPECT_THAT(part, AllOf(HasSubstr("Against exact: top-1 accuracy, %"), HasSubstr("validation loss, nats per image"),
                          HasSubstr("2 epochs"), HasSubstr("256 images of 100 classes")));
}

TEST(Training, EveryComparisonIsShownSeedBySeed) {
  const std::string part = section(write_report(fixed_inputs()), "training");
  EXPECT_THAT(part, HasSubstr(cells({"1", "4", "50.00", "51.00", "+1.00", "3.8750", "3.8125", "−0.0625"})));
  EXPECT_THAT(part, HasSubstr("Seed by seed: OptINC, error feedback"));
  EXPECT_THAT(part, HasSubstr(cells({"1", "2", "25.00", "25.00", "0.00", "4.3750", "4.3750", "0.0000"})));
}

TEST(Training, ChartsHaveLossesAccuraciesAndDifferences) {
  const std::string html = write_report(fixed_inputs());
  const base::Json charts = base::Json::parse(script(html, "charts"));
  // Loss and top-1 of three seeds, all differences, three over the steps, the account, bytes.
  ASSERT_EQ(charts.size(), 12u);
  const base::Json& top1 = charts[3]["specification"]["data"]["values"];
  EXPECT_EQ(top1[1]["top1"], 50.0);
  EXPECT_EQ(top1[1]["role"], "baseline");
  const base::Json& layers = charts[6]["specification"]["layer"];
  ASSERT_EQ(layers.size(), 4u);
  EXPECT_EQ(layers[1]["data"]["values"].size(), 2u) << "a single pair has no interval";
  EXPECT_NEAR(layers[1]["data"]["values"][0]["high"].get<double>(), 2.484, 5e-4);
  EXPECT_EQ(layers[2]["data"]["values"].size(), 7u);
}

// 4 steps of 1.2 s compute, 0.08 wait, 0.02 quantise, 0.06 emulate, 0.2 moving bytes, 0.04 apply.
TEST(Training, TheAccountIsMeasuredAndTheHardwareModelled) {
  const std::string part = section(write_report(fixed_inputs()), "training");
  EXPECT_THAT(part, HasSubstr(cells({"OptINC", "3", "300", "20", "5", "15", "50", "10", "400", "5.00\u00a0%"})));
  EXPECT_THAT(part, HasSubstr("The all-reduce of a step on hardware <span class=\"source modelled\">"));
  EXPECT_THAT(part, HasSubstr(cells({"exact", "6,400", "1", "–", "0.006", "–"})));
  EXPECT_THAT(part, HasSubstr(cells({"OptINC", "6,400", "1", "0.002", "0.006", "0.333×"})));
}

TEST(Training, OldRecordsHaveNoAccount) {
  const std::string html = write_report({.records = {kTestData / "ring-1.records.jsonl"}});
  EXPECT_THAT(section(html, "training"), AllOf(Not(HasSubstr("A step, part by part")), Not(HasSubstr("on hardware")),
                                               HasSubstr("\"title\">Time")));
}

TEST(Training, AFigureOfThePaperStandsBesideOurs) {
  const std::string head = R"({"type":"run","command":"reproduce","version":"0.1.0","seed":0,"config":{}})"
                           "\n";
  const auto row = [](const std::string& variant, const std::string& differs) {
    return R"({"type":"training_reproduction","title":"Figure 7a","experiment":"e","variant":")" + variant +
           R"(","baseline":"exact","metric":"validation_top1_percent","paper_difference":-0.03,"ours":{"seeds":3,)"
           R"("mean":52.5,"standard_deviation":0.25,"pairs":3,"difference":-0.125,"interval_95":[-1.0,0.75]},)"
           R"("differs":["2 epochs, paper 300")" +
           differs + "]}\n";
  };
  const ReportInputs inputs{
      .records = {write_records("f.jsonl", head + row("a<b", "") + row("OptINC", R"(,"8 bits, paper 16")"))}};
  const std::string part = section(write_report(inputs), "published");
  EXPECT_THAT(
      part,
      HasSubstr(cells({"a&lt;b", "3", "52.50\u00a0±\u00a00.25", "−0.03", "−0.12", "−1.00 to +0.75, contains zero"}) +
                "<td></td>"));
  EXPECT_THAT(part, HasSubstr("<td>8 bits, paper 16</td>"));
  EXPECT_THAT(part, HasSubstr("<p>Differs from the paper: 2 epochs, paper 300.</p>"));
  EXPECT_EQ(report_summary(inputs)["training_reproductions"][1]["interval_high"], 0.75);
}

TEST(Training, HostileNamesStayText) {
  const std::string hostile = "</script><img src=x onerror=alert(1)>";
  const auto file =
      write_records("t.jsonl", train_run({.reduce = "exact", .model = hostile}) + image_validation(4, "4.5", "0.5") +
                                   account_result(4, 0, 0) + train_run({.reduce = hostile, .model = hostile}) +
                                   image_validation(4, "4.5", "0.5") + account_result(4, 0, 0));
  const std::string html = write_report({.records = {file}, .title = "t"});
  EXPECT_EQ(occurrences(html, "</script"), 5u);
  EXPECT_THAT(html.substr(0, html.find("/* Vega\n")), Not(HasSubstr("<img")));
}

}  // namespace
}  // namespace optinc::report
