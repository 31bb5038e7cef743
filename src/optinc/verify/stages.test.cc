#include "optinc/verify/stages.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "optinc/base/error.h"

namespace optinc::verify {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;

TEST(Stages, ComeBackFromText) {
  const Stages stages{{{.meaning = Meaning::rest, .input = 2, .place = -1, .readings = {{0, 3.25}, {4, -1.0 / 3}}},
                       {.meaning = Meaning::digit, .position = 1, .inputs = {0, 2}, .carry_in = true, .constant = 1}},
                      {},
                      {{.meaning = Meaning::state, .position = -2, .readings = {{1, 2}}},
                       {.meaning = Meaning::carry, .position = 3},
                       {.meaning = Meaning::shortfall, .input = -1, .place = 1, .threshold = 400, .readings = {{7, 2}}},
                       {.meaning = Meaning::symbol, .position = 0, .constant = -0.5}}};
  EXPECT_EQ(parse_stages(to_text(stages)), stages);
  EXPECT_THAT(to_text(stages), HasSubstr(R"({"is":"rest","input":2,"place":-1,"read":[[0,3.25],[4,-0.333)"));
}

TEST(Stages, RefuseWhatIsNone) {
  const auto refuses = [](const char* text, const char* why) {
    EXPECT_THAT([&] { parse_stages(text); }, ThrowsMessage<base::InputError>(HasSubstr(why))) << text;
  };
  refuses("", "stages: ");
  refuses("[[{}]]", "key 'is' not found");
  refuses(R"([[{"is":"guess"}]])", "\"is\" guess: expected rest, shortfall, digit, state, carry or symbol");
  refuses(R"([[{"is":"step","input":0,"place":0,"threshold":1,"read":[],"constant":0}]])",
          "\"is\" step: expected rest");
  refuses(R"([[{"is":"shortfall","input":0,"place":0,"read":[],"constant":0}]])", "key 'threshold' not found");
  refuses(R"([[{"is":"carry","position":"high","read":[],"constant":0}]])", "expected a whole number");
}

}  // namespace
}  // namespace optinc::verify
