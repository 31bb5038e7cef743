#include "optinc/cli/byte_sizes.h"

#include <gtest/gtest.h>

#include "optinc/base/error.h"

namespace optinc::cli {
namespace {

TEST(ByteSizes, AreReadAsNcclTestsReadsThem) {
  EXPECT_EQ(parse_bytes("0"), 0u);
  EXPECT_EQ(parse_bytes("8"), 8u);
  EXPECT_EQ(parse_bytes("64K"), 65536u);
  EXPECT_EQ(parse_bytes("64k"), 65536u);
  EXPECT_EQ(parse_bytes("64KB"), 65536u);
  EXPECT_EQ(parse_bytes("256M"), std::size_t{1} << 28);
  EXPECT_EQ(parse_bytes("3G"), std::size_t{3} << 30);
  EXPECT_EQ(parse_bytes("2T"), std::size_t{1} << 41);
  for (const auto* text : {"", "M", "-1", "1.5M", "8X", "8MM", "99999999999T", "1 M"}) {
    EXPECT_THROW(parse_bytes(text), base::InputError) << text;
  }
}

TEST(ByteSizes, AreWrittenInWholeUnits) {
  EXPECT_EQ(format_bytes(0), "0");
  EXPECT_EQ(format_bytes(1000), "1000");
  EXPECT_EQ(format_bytes(65536), "64K");
  EXPECT_EQ(format_bytes(std::size_t{1} << 26), "64M");
  EXPECT_EQ(format_bytes(1536), "1536");
}

}  // namespace
}  // namespace optinc::cli
