#include "optinc/base/progress.h"

#include <gtest/gtest.h>

namespace optinc::base {
namespace {

TEST(FormatDuration, ReadsLikeSpeech) {
  EXPECT_EQ(format_duration(0.4), "0 s");
  EXPECT_EQ(format_duration(59.6), "1 min 00 s");
  EXPECT_EQ(format_duration(185), "3 min 05 s");
  EXPECT_EQ(format_duration(3725), "1 h 02 min");
}

TEST(Progress, ShortWorkIsSilent) {
  std::FILE* file = std::tmpfile();
  { Progress("work", 10, file).update(5); }
  EXPECT_EQ(std::ftell(file), 0);
  std::fclose(file);
}

}  // namespace
}  // namespace optinc::base
