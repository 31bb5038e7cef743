// The section "Light" and its part of the summary, from records to the page.
#include <cstdlib>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "optinc/base/atomic_file.h"
#include "optinc/report/report.h"
#include "optinc/report/testing.h"

namespace optinc::report {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

const std::filesystem::path kRecords = "src/optinc/report/testdata/light.records.jsonl";

ReportInputs of(const std::string& records) {
  return {.records = {write_records("light.jsonl", records)}};
}

base::Json charts_of(const std::string& html) {
  return base::Json::parse(script(html, "charts"));
}

// The values of field `key` in the data of a chart.
std::vector<base::Json> values(const base::Json& chart, const std::string& key) {
  std::vector<base::Json> all;
  for (const base::Json& value : chart["specification"]["data"]["values"]) all.push_back(value[key]);
  return all;
}

std::string sweep(const char* value) {
  return fmt::format(R"("key":"coupler.imbalance_rms_rad","value":{},)", value);
}

// To renew it after a change that is meant: OPTINC_UPDATE_GOLDEN=1 optinc_report_test --gtest_filter='*Golden*'
TEST(Light, SummaryGolden) {
  const std::filesystem::path golden = kRecords.parent_path() / "light_summary.golden.json";
  const std::string summary = report_summary({.records = {kRecords}}).dump(2) + "\n";
  if (std::getenv("OPTINC_UPDATE_GOLDEN") != nullptr) base::write_file_atomically(golden, summary);
  EXPECT_EQ(summary, base::read_file(golden));
}

TEST(Light, TheSentenceSaysWhatCameOut) {
  EXPECT_EQ(
      report_summary({.records = {kRecords}})["sentence"],
      "41,720 MZIs placed for b8-n4; 0.12\u00a0% to 100.00\u00a0% of the inputs exact on 116 simulated chips; least "
      "SNR −33.4\u00a0dB (hop 4, p on silicon); error law constants 0.98 of 0.97, 0.55 of 0.83, 0.46 of 0.66 "
      "expected.");
}

TEST(Light, EveryPartIsOnThePage) {
  const std::string html = write_report({.records = {kRecords}});
  const std::string light = section(html, "light");
  EXPECT_EQ(charts_of(html).size(), 7u);  // rate, yield, components, stages, hops, losses, law
  EXPECT_EQ(occurrences(light, "<canvas class=\"phases\""), 4u);
  EXPECT_THAT(light,
              AllOf(HasSubstr("Mesh program: b8-n4 (rectangular, MZI cells)"),
                    HasSubstr("Yield over coupler.imbalance_rms_rad"),
                    HasSubstr("Sensitivity: p (rectangular, MZI cells) on silicon-nitride hardware"),
                    HasSubstr("Link budget: p on silicon hardware"), HasSubstr("Error law: rectangular, MZI cells")));
  EXPECT_THAT(section(html, "runs"),
              AllOf(HasSubstr("optinc compile, version 0.1.0"), HasSubstr("optinc simulate, seed 1, version 0.1.0"),
                    HasSubstr("<td>hardware</td><td>silicon-nitride</td>")));
}

// Modes 0 and 1 in column 0, 1 and 2 in column 1, none in column 2.
TEST(Light, AMeshIsPaintedFromText) {
  const std::string light =
      section(write_report(of(light_run("compile") + program("[[0,0,0,3.2],[1,1,1.6,0]]"))), "light");
  EXPECT_THAT(light, HasSubstr(R"(data-columns="3" data-modes="3" data-phases="0..G..")"));
  EXPECT_THAT(light, HasSubstr(R"(data-columns="3" data-modes="3" data-phases="W..0..")"));
  EXPECT_THAT(light, HasSubstr("Stage P: 3 modes, 3 columns, 2 cells"));
}

TEST(Light, ACurveForEachCorrectionAndKindOfCell) {
  const std::string html =
      write_report(of(simulate_run({.program = "p"}) + yield(0, sweep("0.01"), 0.5) + yield(1, sweep("0.1"), 0.25) +
                      yield(2, sweep("0.01"), 0.75, "[0.25,1.0]", "local") +
                      simulate_run({.program = "q", .cell = "3-mzi"}) + yield(0, sweep("0.01"), 1)));
  const base::Json charts = charts_of(html);
  ASSERT_EQ(charts.size(), 2u);
  EXPECT_THAT(values(charts[0], "curve"),
              ElementsAre("uncorrected, mzi", "uncorrected, mzi", "local correction, mzi", "uncorrected, 3-mzi"));
  EXPECT_THAT(values(charts[0], "y"), ElementsAre(0.5, 0.25, 0.75, 1.0));
  EXPECT_THAT(values(charts[0], "low"), ElementsAre(0.25, 0.25, 0.25, 0.25));
  EXPECT_THAT(values(charts[1], "y"), ElementsAre(0.5, 0.5, 0.5, 0.5));
  const base::Json& x = charts[0]["specification"]["encoding"]["x"];
  EXPECT_EQ(x["scale"]["type"], "log");
  EXPECT_EQ(x["axis"]["values"], base::Json({0.01, 0.1}));
  EXPECT_THAT(section(html, "light"),
              AllOf(HasSubstr("at least 99\u00a0% of the inputs"), HasSubstr("yield at 99\u00a0%")));
}

TEST(Light, RunsThatDifferInNothingElseAreToldApartByName) {
  const std::string run = simulate_run() + yield(0, sweep("0.01"), 0.5);
  EXPECT_THAT(values(charts_of(write_report(of(run + run)))[0], "curve"),
              ElementsAre("uncorrected, light #1", "uncorrected, light #2"));
}

// 0 has no place on a logarithmic axis.
TEST(Light, ASweepFromZeroHasASymmetricLogarithm) {
  const std::string html = write_report(of(simulate_run() + yield(0, sweep("0"), 1) + yield(1, sweep("0.003"), 0.5)));
  const base::Json scale = charts_of(html)[0]["specification"]["encoding"]["x"]["scale"];
  EXPECT_EQ(scale["type"], "symlog");
  EXPECT_EQ(scale["constant"], 0.003);
}

TEST(Light, ThresholdsThatDifferAreSaid) {
  const std::string html =
      write_report(of(simulate_run() + yield(0, sweep("0.01"), 0.5) + simulate_run({.hardware = "ideal"}) +
                      yield(0, sweep("0.01"), 0.5, "[0.25,1.0]", "none", 0.9)));
  EXPECT_THAT(section(html, "light"), AllOf(HasSubstr("chips that reach their threshold"), HasSubstr(" at 99\u00a0%<"),
                                            HasSubstr(" at 90\u00a0%<")));
}

TEST(Light, TheWorstPartComesFirst) {
  const std::string html = write_report(
      of(simulate_run() + yield(0, "", 0.1) + yield(1, R"("component":"coupler.loss_db","value":0.05,)", 0.75) +
         yield(2, R"("component":"crosstalk.nearest","value":0.01,)", 0.25) + yield(3, R"("stage":"P",)", 0.5)));
  const base::Json charts = charts_of(html);
  ASSERT_EQ(charts.size(), 2u);
  EXPECT_THAT(values(charts[0], "part"), ElementsAre("all together", "crosstalk.nearest", "coupler.loss_db"));
  EXPECT_THAT(values(charts[0], "loss"), ElementsAre(0.9, 0.75, 0.25));
  EXPECT_THAT(values(charts[0], "label"), ElementsAre("90.00\u00a0%", "75.00\u00a0% at 0.01", "25.00\u00a0% at 0.05"));
  EXPECT_THAT(values(charts[1], "part"), ElementsAre("all together", "stage P"));
  EXPECT_THAT(section(html, "light"), Not(HasSubstr("<h3>Yield")));
}

TEST(Light, PlainChipsHaveATable) {
  const std::string html = write_report(of(simulate_run() + yield(0, "", 0.5)));
  EXPECT_EQ(charts_of(html).size(), 0u);
  EXPECT_THAT(section(html, "light"), HasSubstr("<td>p, uncorrected</td><td>silicon</td><td class=\"number\">4</td>"
                                                "<td class=\"number\">50.00\u00a0%</td>"));
  EXPECT_THAT(html, HasSubstr("of the inputs exact on silicon (4 chips)"));
}

TEST(Light, ASimulationThatIsNotFinishedSaysSo) {
  EXPECT_THAT(section(write_report(of(simulate_run() + chip() + chip())), "light"),
              HasSubstr("not finished, 2 chips so far"));
}

// -20 dBm received, 30 dB above the noise: as strong as the noise is -50 dBm.
TEST(Light, HopsShowTheNoiseWhereThereIsSome) {
  const auto hops = [](const std::string& snr_db) {
    return charts_of(write_report(of(light_run("link-budget") + link_budget(snr_db))))[0];
  };
  EXPECT_THAT(values(hops("30.0"), "noise"), ElementsAre(-50.0));
  EXPECT_THAT(values(hops("30.0"), "kind"), ElementsAre("largest signal above the noise"));
  EXPECT_THAT(values(hops("-3.0"), "kind"), ElementsAre("largest signal below the noise"));
  EXPECT_THAT(values(hops("null"), "label"), ElementsAre("no noise"));
  EXPECT_EQ(hops("30.0")["specification"]["layer"].size(), hops("null")["specification"]["layer"].size() + 1);
}

TEST(Light, SeveralLinkBudgetsAreToldApart) {
  const std::string html =
      write_report(of(light_run("link-budget") + link_budget("3.0") + light_run("link-budget") + link_budget("3.0")));
  EXPECT_THAT(section(html, "light"),
              AllOf(HasSubstr("p on silicon hardware, light #1"), HasSubstr("p on silicon hardware, light #2")));
}

// c sqrt(2 * 32) * 0.01 = 0.08 with c = 1; the error bar of the second point would reach below 0, and ends at a third
// of the least mean.
TEST(Light, ALawIsALineThroughItsPoints) {
  const std::string html =
      write_report(of(light_run("error-law") + error_law("none", "\"c sqrt(2 N) sigma\"", "1.0", "0.97")));
  const base::Json chart = charts_of(html)[0];
  EXPECT_THAT(values(chart, "low"), ElementsAre(0.079, 0.08 / 3));
  const base::Json& line = chart["specification"]["layer"].back()["data"]["values"];
  ASSERT_EQ(line.size(), 2u);
  EXPECT_DOUBLE_EQ(line[0]["error"].get<double>(), 0.08);
  EXPECT_DOUBLE_EQ(line[1]["error"].get<double>(), 0.16);
  EXPECT_THAT(section(html, "light"), HasSubstr("<td>uncorrected</td><td>c √(2N) σ</td><td class=\"number\">1.000</td>"
                                                "<td class=\"number\">0.97</td><td class=\"number\">1.03</td>"));
}

TEST(Light, WithoutALawThereAreOnlyPoints) {
  const std::string html = write_report(of(light_run("error-law") + error_law("none", "null", "null", "null")));
  EXPECT_EQ(charts_of(html)[0]["specification"]["layer"].size(), 2u);
  EXPECT_THAT(section(html, "light"), HasSubstr("none known"));
}

TEST(Light, HostileTextStaysText) {
  const std::string hostile = "</script><img src=x onerror=alert(1)>";
  const std::string html = write_report(of(simulate_run({.program = hostile, .hardware = hostile}) +
                                           yield(0, sweep("0.01"), 0.5, "[0,1]", hostile) +
                                           yield(1, "\"component\":\"" + hostile + "\",\"value\":1,", 0.5) +
                                           light_run("link-budget") + link_budget("1.0", hostile)));
  EXPECT_EQ(occurrences(html, "</script"), 5u);
  EXPECT_THAT(html.substr(0, html.find("/* Vega\n")), Not(HasSubstr("<img")));
}

}  // namespace
}  // namespace optinc::report
