#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "optinc/report/report.h"
#include "optinc/report/testing.h"

namespace optinc::report {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

std::string search_run(int chips) {
  return fmt::format(
      R"({{"type":"run","command":"search","version":"0.1.0","seed":1,"config":{{"over":"structures","bits":8,"servers":4,)"
      R"("rate":0.999,"chips":{},"hardware":"ideal","differences":{{"phase_shifter.error_rms_rad":0.005}}}}}})"
      "\n",
      chips);
}

std::string score(double mzis, double noise, double chip_rate) {
  return fmt::format(R"("mzis":{},"layers":5,"noise":{},"accuracy":1.0,"chip_rate":{})", mzis, noise, chip_rate);
}

std::string generation(const std::string& scores) {
  return R"({"type":"generation","number":0,"members":[],"front":[{"genes":[],"score":{)" + scores + "}}]}\n";
}

TEST(Searches, AreDrawn) {
  const std::string last = R"({"type":"front","designs":[{)" + score(500, 1e-3, 0.75) + R"(,"file":"500-mzis"},{)" +
                           score(300, 0, 0.5) + R"(,"file":"300-mzis"}]})" + "\n";
  const ReportInputs inputs{
      .records = {write_records("search.jsonl", search_run(16) + generation(score(900, 1e-4, 0.25)) + last)}};
  const std::string html = write_report(inputs);
  EXPECT_THAT(
      section(html, "search"),
      AllOf(HasSubstr("Searched fronts"), HasSubstr("Structures: 2 designs that none beats, 1 of which bear noise."),
            HasSubstr("16 simulated chips, ideal, phase_shifter.error_rms_rad 0.005")));
  const base::Json charts = base::Json::parse(script(html, "charts"));
  ASSERT_EQ(charts.size(), 2u);
  const base::Json noise = charts[0]["specification"]["data"]["values"];
  ASSERT_EQ(noise.size(), 1u);  // what bears none is not drawn
  EXPECT_EQ(noise[0]["noise"], 1e-3);
  EXPECT_EQ(noise[0]["file"], "500-mzis");
  EXPECT_EQ(charts[1]["specification"]["data"]["values"][1]["wrong"], 0.5);
  const base::Json summary = report_summary(inputs);
  EXPECT_EQ(summary["sentence"], "A search over structures found 2 designs of 300 to 500 MZIs that none beats.");
  EXPECT_EQ(summary["searches"][0]["designs"][0]["chip_rate"], 0.75);
}

TEST(Searches, AreDrawnWhileTheyGoOn) {
  const std::string html =
      write_report({.records = {write_records("search.jsonl", search_run(0) + generation(score(900, 1e-4, 0)))}});
  const base::Json charts = base::Json::parse(script(html, "charts"));
  ASSERT_EQ(charts.size(), 1u);
  EXPECT_EQ(charts[0]["specification"]["data"]["values"][0]["mzis"], 900);
  const std::string none = write_report({.records = {write_records("none.jsonl", search_run(0))}});
  EXPECT_THAT(none, Not(HasSubstr("Searched fronts")));
}

}  // namespace
}  // namespace optinc::report
