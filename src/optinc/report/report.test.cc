#include "optinc/report/report.h"

#include <cstdlib>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "optinc/base/atomic_file.h"
#include "optinc/base/error.h"
#include "optinc/report/testing.h"

namespace optinc::report {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

const std::filesystem::path kTestData = "src/optinc/report/testdata";

ReportInputs fixed_inputs() {
  ReportInputs inputs;
  for (const char* name : {"b8-n4", "ring-1", "optinc-1", "ring-2", "optinc-2"}) {
    inputs.records.push_back(kTestData / (std::string(name) + ".records.jsonl"));
  }
  return inputs;
}

// The page before the two libraries, which hold about everything that a test could look for.
std::string without_libraries(const std::string& html) {
  return html.substr(0, html.find("/* Vega\n"));
}

// To renew it after a change that is meant: OPTINC_UPDATE_GOLDEN=1 optinc_report_test --gtest_filter='*Golden*'
TEST(Report, SummaryGolden) {
  const std::filesystem::path golden = kTestData / "summary.golden.json";
  const std::string summary = report_summary(fixed_inputs()).dump(2) + "\n";
  if (std::getenv("OPTINC_UPDATE_GOLDEN") != nullptr) base::write_file_atomically(golden, summary);
  EXPECT_EQ(summary, base::read_file(golden));
}

TEST(Report, TheSentenceSaysWhatCameOut) {
  EXPECT_EQ(
      report_summary(fixed_inputs())["sentence"],
      "28,561 of 28,561 inputs right; 41,936 of 106,784 MZIs (39.27\u00a0%); validation loss ring 4.875, OptINC 5.062 "
      "after 4 steps (means of 2 seeds; paired difference +0.1875, 95\u00a0% interval \u22120.6066 to +0.9816, which "
      "contains zero); bytes a port sends: ring 1.5×, OptINC 0.25× of the payload.");
}

TEST(Report, ThePageEmbedsTheSummaryAndTheCharts) {
  const std::string html = write_report(fixed_inputs());
  EXPECT_EQ(base::Json::parse(script(html, "summary")), report_summary(fixed_inputs()));
  const base::Json charts = base::Json::parse(script(html, "charts"));
  // Wrong inputs, loss, area, two seeds, all differences, the difference over the steps, bytes.
  ASSERT_EQ(charts.size(), 8u);
  for (const base::Json& chart : charts) {
    EXPECT_EQ(occurrences(html, fmt::format("id=\"{}\"", chart["id"].get<std::string>())), 1u);
  }
}

TEST(Report, SameRecordsSameBytes) {
  EXPECT_EQ(write_report(fixed_inputs()), write_report(fixed_inputs()));
}

TEST(Report, TheSeedsAreComparedInATable) {
  const std::string training = section(write_report(fixed_inputs()), "training");
  EXPECT_THAT(training, HasSubstr("<td>1</td><td class=\"number\">4</td><td class=\"number\">5.0000</td>"
                                  "<td class=\"number\">5.2500</td><td class=\"number\">+0.2500</td>"));
  EXPECT_THAT(training, HasSubstr("<td>mean</td><td class=\"number\"></td><td class=\"number\">4.8750</td>"
                                  "<td class=\"number\">5.0625</td><td class=\"number\">+0.1875</td>"));
  EXPECT_THAT(training, HasSubstr("<span class=\"source modelled\">modelled</span>"));
}

TEST(Report, AsksForNothingOutside) {
  const std::string html = write_report(fixed_inputs());
  const std::string markup = html.substr(0, html.find("<script>")) +
                             html.substr(html.find("<body>"), html.find("<script type") - html.find("<body>"));
  EXPECT_THAT(markup,
              AllOf(Not(HasSubstr("http:")), Not(HasSubstr("https:")), Not(HasSubstr("src=")), Not(HasSubstr("url("))));
  EXPECT_THAT(without_libraries(html), HasSubstr("default-src 'none'"));
  EXPECT_EQ(occurrences(html, "sourceMappingURL="), 0u);
}

// The page's own: its script, summary, charts, Vega, Vega-Lite.
TEST(Report, NoLibraryOrRecordEndsAScript) {
  const std::string html = write_report(fixed_inputs());
  EXPECT_EQ(occurrences(html, "</script"), 5u);
  EXPECT_EQ(occurrences(html, "<!--"), 0u);
}

TEST(Report, HostileTextStaysText) {
  const std::string hostile = "</script><script>alert(1)</script><img src=x onerror=alert(1)>\\\" onload=\\\"alert(1)";
  const std::string config = "{\"" + hostile + "\":\"" + hostile + "\",\"deep\":[{\"x\":\"" + hostile + "\"}]}";
  const auto design = write_records("<b>d&amp;.jsonl", design_run(1, config) + epoch(1, 1, 0.5, 3) +
                                                           verification(3, R"([{"value":-64,"count":3,"share":1.0}])"));
  const auto training =
      write_records("t.jsonl", train_run({.reduce = hostile, .transport = hostile, .rounding = hostile}) +
                                   step(1, "5") + train_result(1, 4000));
  const std::string html = write_report({.records = {design, training}, .title = "<script>alert(1)</script>"});
  EXPECT_EQ(occurrences(html, "</script"), 5u);
  const std::string own = without_libraries(html);
  const std::string markup = html.substr(0, html.find("<script type"));
  EXPECT_THAT(own, AllOf(Not(HasSubstr("<script>alert")), Not(HasSubstr("<img")), Not(HasSubstr("<b>d&amp;."))));
  EXPECT_THAT(markup, Not(HasSubstr("\" onload=")));
  EXPECT_THAT(markup, HasSubstr("&lt;/script&gt;&lt;script&gt;alert(1)"));
  EXPECT_NO_THROW(base::Json::parse(script(html, "charts")));
}

std::vector<std::string> sections_of(const std::string& html) {
  const std::string open = "<section id=\"";
  std::vector<std::string> ids;
  for (std::size_t at = html.find(open); at != std::string::npos; at = html.find(open, at + 1)) {
    const std::size_t begin = at + open.size();
    ids.push_back(html.substr(begin, html.find('"', begin) - begin));
  }
  return ids;
}

TEST(Report, ASectionIsThereWhereItsRecordsAre) {
  const auto sections = [](const std::filesystem::path& file) {
    return sections_of(without_libraries(write_report({.records = {file}})));
  };
  EXPECT_THAT(sections(kTestData / "ring-1.records.jsonl"), ElementsAre("training", "runs"));
  EXPECT_THAT(sections(kTestData / "b8-n4.records.jsonl"), ElementsAre("onn", "area", "verification", "runs"));
  EXPECT_THAT(sections(kTestData / "light.records.jsonl"), ElementsAre("light", "runs"));
  EXPECT_THAT(sections(write_records("begun.jsonl", light_run("compile") + simulate_run())), ElementsAre("runs"));
  const std::string only_design = write_report({.records = {kTestData / "b8-n4.records.jsonl"}});
  EXPECT_THAT(section(only_design, "verification"), HasSubstr(">28,561<"));
}

TEST(Report, ThePapersTablesAreShownWhereThereAreAny) {
  const std::string head = R"({"type":"run","command":"reproduce","version":"0.1.0","seed":1,"config":{}})"
                           "\n";
  const std::string row =
      R"({"type":"reproduction","title":"Table I","group":"as published","design":"b8-n4","approximated":"1-6",)"
      R"("paper":{"accuracy_percent":100,"area_percent":39.3},"ours":{"origin":"trained","inputs":28561,"sampled":false,)"
      R"("wrong":0,"accuracy":1.0,"area_percent":39.272,"mzis":41936,"dense_mzis":106784}})"
      "\n";
  const std::string missing =
      R"({"type":"reproduction","title":"Table I","group":"ours","design":"b8-n9","approximated":"1-6",)"
      R"("paper":{"accuracy_percent":null,"area_percent":null},"ours":null})"
      "\n";
  const ReportInputs inputs{.records = {write_records("t.jsonl", head + row + missing)}};
  const std::string part = section(write_report(inputs), "published");
  EXPECT_THAT(part, AllOf(HasSubstr("Table I"), HasSubstr("41,936 of 106,784"), HasSubstr("39.27 %")));
  EXPECT_THAT(part, AllOf(HasSubstr("39.3 %"), HasSubstr("b8-n9"), HasSubstr("not there")));
  EXPECT_EQ(report_summary(inputs)["sentence"], "1 of 2 designs of the paper's tables without a wrong input.");
  EXPECT_EQ(report_summary(inputs)["reproductions"][0]["wrong"], 0);
  const std::string without = write_report({.records = {kTestData / "b8-n4.records.jsonl"}});
  EXPECT_THAT(without_libraries(without), Not(HasSubstr("<section id=\"published\">")));
}

// Digits are the paper's: 99.99986 % is neither 100 nor 99.9999.
TEST(Report, ThePapersTablesKeepTheirDigits) {
  const std::string head = R"({"type":"run","command":"reproduce","version":"0.1.0","seed":1,"config":{}})"
                           "\n";
  const std::string below =
      R"({"type":"reproduction","title":"Table II","group":"as published","design":"d","approximated":"4-7",)"
      R"("paper":{"accuracy_percent":99.99986,"area_percent":47.9},"ours":{"origin":"constructed","inputs":13845841,)"
      R"("sampled":false,"wrong":1,"accuracy":0.99999992777,"area_percent":47.958,"mzis":208752,"dense_mzis":435280}})"
      "\n";
  const std::string level =
      R"({"type":"reproduction","title":"Cascade","group":"as published","design":"l","approximated":"1-8",)"
      R"("paper":{"accuracy_percent":100,"area_percent":null,"additional_mzis_percent":10.5},"ours":{"origin":"trained",)"
      R"("inputs":28561,"sampled":true,"wrong":0,"accuracy":1.0,"area_percent":40.1,"additional_mzis_percent":9.92,)"
      R"("mzis":46096,"dense_mzis":123456}})"
      "\n";
  const ReportInputs inputs{.records = {write_records("t.jsonl", head + below + level)}};
  const std::string part = section(write_report(inputs), "published");
  EXPECT_THAT(part, AllOf(HasSubstr(">99.99986 %<"), HasSubstr(">99.99999 %<")));
  EXPECT_THAT(part, AllOf(HasSubstr("additional MZIs, paper"), HasSubstr(">10.5 %<"), HasSubstr(">9.92 %<"),
                          HasSubstr("28,561 sampled"), HasSubstr(">100 %<")));
  EXPECT_EQ(report_summary(inputs)["reproductions"][1]["additional_mzis_percent"], 9.92);
  EXPECT_TRUE(report_summary(inputs)["reproductions"][0]["paper_additional_mzis_percent"].is_null());
}

TEST(Report, ARunThatWasJustBegunHasAPage) {
  const auto design = write_records("d.jsonl", design_run());
  const auto training = write_records("t.jsonl", train_run({.reduce = "optinc"}));
  const std::string html = write_report({.records = {design, training}});
  EXPECT_THAT(section(html, "onn"), AllOf(HasSubstr("No epoch is finished yet."), HasSubstr("not finished")));
  EXPECT_THAT(section(html, "verification"), HasSubstr("not yet"));
  EXPECT_THAT(without_libraries(html), HasSubstr("No design verified yet."));
}

TEST(Report, ATrainingThatWasJustBegunHasASentence) {
  const auto training = write_records("t.jsonl", train_run({}));
  EXPECT_EQ(report_summary({.records = {training}})["sentence"], "Nothing has come out yet.");
}

TEST(Report, WrongInputsHaveAHistogram) {
  const auto file = write_records(
      "d.jsonl",
      design_run() + verification(10, R"([{"value":1,"count":9,"share":0.9},{"value":-64,"count":1,"share":0.1}])"));
  const std::string html = write_report({.records = {file}});
  const base::Json charts = base::Json::parse(script(html, "charts"));
  ASSERT_EQ(charts.size(), 1u);
  const base::Json& values = charts[0]["specification"]["data"]["values"];
  ASSERT_EQ(values.size(), 2u);
  EXPECT_EQ(values[0]["error"], "−64");
  EXPECT_EQ(values[1]["label"], "9 (90.00\u00a0%)");
  EXPECT_THAT(section(html, "verification"), Not(HasSubstr("no wrong input")));
}

TEST(Report, DesignsOfTheSameAreaShareAChart) {
  const auto a = write_records("a.jsonl", design_run() + area(400));
  const auto b = write_records("b.jsonl", design_run() + area(400));
  const auto c = write_records("c.jsonl", design_run() + area(500));
  const std::string html = write_report({.records = {a, b, c}});
  EXPECT_THAT(section(html, "area"), AllOf(HasSubstr("<h3>a, b</h3>"), HasSubstr("<h3>c</h3>")));
  EXPECT_THAT(without_libraries(html), HasSubstr("40.00\u00a0% to 50.00\u00a0% of the MZIs of dense layers"));
}

// A loss of 0 has no place on a logarithmic axis, a NaN on none.
TEST(Report, LossesThatCannotBeDrawnAreGaps) {
  const auto file = write_records("d.jsonl", design_run() + epoch(1, 1, 0.5, 3) + epoch(2, 1, 0, 0));
  const base::Json charts = base::Json::parse(script(write_report({.records = {file}}), "charts"));
  const base::Json& values = charts[1]["specification"]["data"]["values"];
  EXPECT_EQ(values[0]["loss"], 0.5);
  EXPECT_TRUE(values[1]["loss"].is_null());
  EXPECT_EQ(values[1]["wrong"], 0);
}

TEST(Report, EveryRunIsListedWithItsConfiguration) {
  const std::string runs = section(write_report(fixed_inputs()), "runs");
  EXPECT_EQ(occurrences(runs, "<details>"), 5u);
  EXPECT_THAT(runs,
              AllOf(HasSubstr("optinc design, seed 1, version 0.1.0"), HasSubstr("<td>--approximate</td><td>all</td>"),
                    HasSubstr("<td>resumed behind epoch</td><td>2</td>")));
}

TEST(Report, NoRecordsAreRefused) {
  EXPECT_THROW(write_report({}), base::InputError);
}

}  // namespace
}  // namespace optinc::report
