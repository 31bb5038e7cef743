#include "optinc/onn/nearest_twin.h"

#include <gtest/gtest.h>

#include "optinc/base/error.h"

namespace optinc::onn {
namespace {

Design small_design() {
  Design design;
  design.bits = 4;
  design.servers = 3;
  design.inputs = 2;
  design.network.layers = {{3, 2, {1, 0.5f, -2, 0.25f, 0, 4}, {0, 1, -1}}, {2, 3, {1, 2, 3, 4, 5, 6}, {0.5f, 0.25f}}};
  return design;
}

// 3 servers: floor(3/2) = 1 step of 1/3; at level 2 of a cascade floor(9/2) = 4 of 1/9.
TEST(NearestTwin, HasConstantLightOnTheLastInput) {
  Design design = small_design();
  const Design twin = nearest_twin(design);
  EXPECT_EQ(twin.rounding, codec::Rounding::nearest);
  EXPECT_EQ(twin.network.layers[0].weight, design.network.layers[0].weight);
  EXPECT_EQ(twin.network.layers[1], design.network.layers[1]);
  EXPECT_FLOAT_EQ(twin.network.layers[0].bias[2], -1 + 4.0f / 3);
  design.role = Role::cascade_level_2;
  EXPECT_FLOAT_EQ(nearest_twin(design).network.layers[0].bias[2], -1 + 4 * 4.0f / 9);
}

TEST(NearestTwin, IsRefusedToWhatDoesNotFloorOrDoesNotRound) {
  Design design = small_design();
  design.rounding = codec::Rounding::nearest;
  EXPECT_THROW(nearest_twin(design), base::InputError);
  design.rounding = codec::Rounding::floor;
  design.role = Role::cascade_level_1;
  EXPECT_THROW(nearest_twin(design), base::InputError);
}

}  // namespace
}  // namespace optinc::onn
