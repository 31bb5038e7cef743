#include "optinc/onn/network.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace optinc::onn {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(Network, ListsItsWidthsFromInputToOutput) {
  const Network network{
      {{3, 2, std::vector<float>(6), std::vector<float>(3)}, {1, 3, std::vector<float>(3), std::vector<float>(1)}}};
  EXPECT_THAT(network.widths(), ElementsAre(2, 3, 1));
  EXPECT_EQ(network.inputs(), 2);
  EXPECT_EQ(network.outputs(), 1);
}

TEST(Network, WithoutLayersHasNoWidths) {
  EXPECT_THAT(Network{}.widths(), IsEmpty());
}

}  // namespace
}  // namespace optinc::onn
