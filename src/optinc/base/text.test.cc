#include "optinc/base/text.h"

#include <gtest/gtest.h>

namespace optinc::base {
namespace {

TEST(WithCommas, EveryThreeDigits) {
  EXPECT_EQ(with_commas(0), "0");
  EXPECT_EQ(with_commas(999), "999");
  EXPECT_EQ(with_commas(1000), "1,000");
  EXPECT_EQ(with_commas(28561), "28,561");
  EXPECT_EQ(with_commas(13845841), "13,845,841");
}

}  // namespace
}  // namespace optinc::base
