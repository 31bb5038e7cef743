#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "optinc/report/report.h"
#include "optinc/report/testing.h"

namespace optinc::report {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

std::string noise_run(const std::string& rows) {
  return R"({"type":"run","command":"noise","version":"0.1.0","seed":1})"
         "\n" +
         rows;
}

std::string row(const std::string& design, int mzis, double rate, const std::string& chips = "") {
  return fmt::format(
      R"({{"type":"noise","design":"{}","origin":"searched","bits":8,"servers":4,"layers":[4,24,14,8,4],"mzis":{},)"
      R"("accuracy":1.0,"rates":[{{"sigma":0.001,"trials":1000,"right":999,"rate":{},"standard_error":0,"seconds":1}}]{}}})"
      "\n",
      design, mzis, rate, chips);
}

TEST(Front, IsDrawnAndTabled) {
  const std::string chips =
      R"(,"chip_rates":[{"condition":"phase_shifter.error_rms_rad=0.01","chips":20,"rate":0.25,"low":0.2,"high":0.3}])";
  const ReportInputs inputs{
      .records = {write_records("front.jsonl", noise_run(row("large", 2000, 1.0, chips) + row("small", 500, 0.875)))}};
  const std::string html = write_report(inputs);
  const std::string part = section(html, "front");
  EXPECT_THAT(part, AllOf(HasSubstr("Size against noise"), HasSubstr("87.50"), HasSubstr("2,000"),
                          HasSubstr("phase shifter error rms rad 0.01")));
  EXPECT_LT(part.find(">small<"), part.find(">large<"));  // by size
  const base::Json charts = base::Json::parse(script(html, "charts"));
  ASSERT_EQ(charts.size(), 1u);
  const base::Json values = charts[0]["specification"]["data"]["values"];
  EXPECT_EQ(values[0]["wrong"], 0.125);
  EXPECT_EQ(values[1]["wrong"], 0.001);  // none of 1,000
  EXPECT_EQ(report_summary(inputs)["sentence"], "An ONN of 2,000 MZIs bears relative noise of 0.001.");
  EXPECT_EQ(report_summary(inputs)["front"][0]["chip_rates"][0]["rate"], 0.25);
}

TEST(Front, RecordsThatDoNotSayTheSizeArePassedOver) {
  const std::string old =
      R"({"type":"noise","design":"b8-n4","origin":"trained","inputs":28561,"sample":0,"draws":10,"seed":1,"rates":[]})"
      "\n";
  const std::string html = write_report({.records = {write_records("old.jsonl", noise_run(old))}});
  EXPECT_THAT(html, Not(HasSubstr("Size against noise")));
}

}  // namespace
}  // namespace optinc::report
