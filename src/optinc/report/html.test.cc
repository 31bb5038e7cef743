#include "optinc/report/html.h"

#include <limits>
#include <string>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace optinc::report {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

TEST(EscapeHtml, MarkupBecomesText) {
  EXPECT_EQ(escape_html("<a href=\"x\" title='y'>&amp;"), "&lt;a href=&quot;x&quot; title=&#39;y&#39;&gt;&amp;amp;");
}

RC_GTEST_PROP(EscapeHtml, NoTextOpensATagOrEndsAnAttribute, (const std::string& text)) {
  RC_ASSERT(escape_html(text).find_first_of("<>\"'") == std::string::npos);
}

TEST(ScriptJson, ReadsBackAsItWas) {
  const base::Json json = {{"note", "</script><!-- & \u2028 é \"quoted\""}, {"loss", 0.25}};
  EXPECT_EQ(base::Json::parse(script_json(json)), json);
}

RC_GTEST_PROP(ScriptJson, NoStringEndsTheElement, (const std::string& text)) {
  const std::string json = script_json({{text, text}});
  RC_ASSERT(json.find_first_of("<>&") == std::string::npos);
  RC_ASSERT(json.find('\n') == std::string::npos);
}

TEST(FormatShare, NeverRoundsToRightOrToNothing) {
  EXPECT_EQ(format_share(0.39272), "39.27\u00a0%");
  EXPECT_EQ(format_share(1), "100.00\u00a0%");
  EXPECT_EQ(format_share(0), "0.00\u00a0%");
  EXPECT_EQ(format_share(0.9999999), "99.99999\u00a0%");
  EXPECT_EQ(format_share(0.00000123), "0.0001\u00a0%");
  EXPECT_EQ(format_share(kNaN), "not finite");
}

TEST(FormatNumber, SignsAndZero) {
  EXPECT_EQ(format_number(3.9124, 3), "3.912");
  EXPECT_EQ(format_number(-0.5, 1), "\u22120.5");
  EXPECT_EQ(format_number(-0.00001, 3), "0.000");
  EXPECT_EQ(format_difference(0.0031, 4), "+0.0031");
  EXPECT_EQ(format_difference(-0.0031, 4), "\u22120.0031");
  EXPECT_EQ(format_difference(0.00001, 4), "0.0000");
  EXPECT_EQ(format_difference(kNaN, 4), "not finite");
}

TEST(FormatUnits, FactorsSecondsAndBytes) {
  EXPECT_EQ(format_factor(1.5), "1.5×");
  EXPECT_EQ(format_factor(0.251953125), "0.252×");
  EXPECT_EQ(format_seconds(0.0931), "0.0931\u00a0s");
  EXPECT_EQ(format_seconds(185), "3 min 05 s");
  EXPECT_EQ(format_bytes(999), "999\u00a0B");
  EXPECT_EQ(format_bytes(999.7), "1\u00a0kB");
  EXPECT_EQ(format_bytes(314675200), "315\u00a0MB");
}

TEST(Capitalised, OnlyTheFirstLetter) {
  EXPECT_EQ(capitalised("top-1 accuracy"), "Top-1 accuracy");
  EXPECT_EQ(capitalised("OptINC"), "OptINC");
  EXPECT_EQ(capitalised("28,561"), "28,561");
  EXPECT_EQ(capitalised(""), "");
}

}  // namespace
}  // namespace optinc::report
