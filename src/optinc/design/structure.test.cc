#include "optinc/design/structure.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "optinc/base/error.h"

namespace optinc::design {
namespace {

using testing::ElementsAre;

// Table I of the paper.
TEST(Structure, IsThePublishedOneWhereThereIsOne) {
  const Structure b8_n4 = pick_structure({.bits = 8, .servers = 4, .inputs = 0});
  EXPECT_THAT(b8_n4.widths, ElementsAre(4, 64, 128, 256, 128, 64, 4));
  EXPECT_EQ(b8_n4.approximated.to_string(), "1-6");
  const Structure b8_n8 = pick_structure({.bits = 8, .servers = 8, .inputs = 0});
  EXPECT_THAT(b8_n8.widths, ElementsAre(4, 64, 128, 256, 512, 256, 128, 64, 4));
  EXPECT_EQ(b8_n8.approximated.to_string(), "2-7");
  const Structure b8_n16 = pick_structure({.bits = 8, .servers = 16, .inputs = 0});
  EXPECT_THAT(b8_n16.widths, ElementsAre(4, 64, 128, 256, 512, 1024, 512, 256, 128, 64, 4));
  EXPECT_EQ(b8_n16.approximated.to_string(), "2-9");
  const Structure b16_n4 = pick_structure({.bits = 16, .servers = 4, .inputs = 0});
  EXPECT_THAT(b16_n4.widths, ElementsAre(4, 64, 128, 256, 512, 256, 128, 64, 8));
}

// 12 bits are M = 6 symbols: K = 4 and 5 would leave none for the first group, so K = 3 with s = 2; 64 * 6 * 2 = 768.
TEST(Structure, OfADeviceThatNoTableLists) {
  const Structure found = pick_structure({.bits = 12, .servers = 6, .inputs = 0});
  EXPECT_THAT(found.widths, ElementsAre(3, 64, 128, 256, 512, 1024, 512, 256, 128, 64, 6));
  EXPECT_EQ(found.approximated.to_string(), "2-9");
  EXPECT_THAT(found.why, testing::HasSubstr("K = 3 inputs cut the 6 symbols into groups of 2"));
}

TEST(Structure, KeepsTheInputsThatAreAskedFor) {
  const Structure found = pick_structure({.bits = 10, .servers = 4, .inputs = 2});
  EXPECT_EQ(found.widths.front(), 2);
  EXPECT_THAT(found.why, testing::HasSubstr("K = 2 as asked"));
  EXPECT_THROW(pick_structure({.bits = 10, .servers = 4, .inputs = 4}), base::InputError);
}

RC_GTEST_PROP(StructureProperty, FitsEveryDevice, ()) {
  const device::DeviceShape shape{.bits = *rc::gen::inRange(2, 17), .servers = *rc::gen::inRange(2, 17), .inputs = 0};
  const Structure found = pick_structure(shape);
  device::DeviceShape whole = shape;
  whole.inputs = found.widths.front();
  whole.check();
  RC_ASSERT(found.widths.back() == shape.symbols());
  RC_ASSERT(found.approximated.last() < static_cast<int>(found.widths.size()));
}

}  // namespace
}  // namespace optinc::design
