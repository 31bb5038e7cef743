#include "optinc/onn/constant_light.h"

#include <gtest/gtest.h>

#include "optinc/onn/forward.h"

namespace optinc::onn {
namespace {

// Two inputs, two hidden, one output; all numbers are exact in float32.
Network small_network() {
  return {{{2, 2, {1, -2, 3, 4}, {0.5f, -1}}, {1, 2, {1, 2}, {0.25f}}}};
}

TEST(WithConstantLight, IsTheSameAsLightOnTheLastInput) {
  const Network network = small_network();
  const Network lit = with_constant_light(network, 0.75f);
  for (const float a : {0.0f, 1.25f, 3.0f}) {
    for (const float b : {0.0f, 0.5f, 2.0f}) {
      const float dark_inputs[] = {a, b};
      const float lit_inputs[] = {a, b + 0.75f};
      float with_bias = 0;
      float with_light = 1;
      forward(lit, 1, dark_inputs, &with_bias);
      forward(network, 1, lit_inputs, &with_light);
      EXPECT_EQ(with_bias, with_light) << a << ' ' << b;
    }
  }
}

TEST(WithConstantLight, ChangesTheFirstBiasAlone) {
  Network lit = with_constant_light(small_network(), 0.5f);
  EXPECT_EQ(lit.layers[0].bias, (std::vector<float>{-0.5f, 1}));  // 0.5 - 2 / 2, -1 + 4 / 2
  lit.layers[0].bias = small_network().layers[0].bias;
  EXPECT_EQ(lit, small_network());
}

TEST(WithConstantLight, LeavesANetworkWithoutLightAsItIs) {
  EXPECT_EQ(with_constant_light(small_network(), 0), small_network());
  EXPECT_EQ(with_constant_light({}, 1), Network{});
}

}  // namespace
}  // namespace optinc::onn
