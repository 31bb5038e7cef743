#include "optinc/onn/normalisation.h"

#include <cmath>
#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "optinc/base/error.h"
#include "optinc/base/random.h"
#include "optinc/onn/forward.h"

namespace optinc::onn {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Network random_network(const std::vector<int>& widths, std::uint64_t seed) {
  Network network;
  for (std::size_t i = 0; i + 1 < widths.size(); ++i) {
    const base::CounterStream stream(seed, i);
    Layer layer{widths[i + 1], widths[i], {}, {}};
    for (int j = 0; j < layer.outputs * layer.inputs; ++j) {
      layer.weight.push_back(static_cast<float>(stream.uniform(j) - 0.5));
    }
    for (int j = 0; j < layer.outputs; ++j) layer.bias.push_back(static_cast<float>(stream.uniform(1000 + j) - 0.5));
    network.layers.push_back(layer);
  }
  return network;
}

// x = (A - 2) / 4, y = [1 2] x + 1, level = 10 y + 3: W = 10 [1 2] / 4 = [2.5 5], b = 10 (1 - (1 + 2) 2 / 4) + 3 = -2.
TEST(Normalisation, OneLayerByHand) {
  const Network network{{{1, 2, {1, 2}, {1}}}};
  const Network levels = in_levels(network, {4, 2}, {10, 3});
  EXPECT_THAT(levels.layers[0].weight, ElementsAre(2.5f, 5.0f));
  EXPECT_THAT(levels.layers[0].bias, ElementsAre(-2.0f));
}

TEST(Normalisation, LevelsStayAsTheyAre) {
  const Network network = random_network({3, 5, 2}, 1);
  EXPECT_EQ(in_levels(network, {}, {}), network);
}

// in_levels(f)(A) = scale f((A - shift) / scale) + shift.
RC_GTEST_PROP(Normalisation, TheNetworkGivesWhatItGave, ()) {
  const Network network = random_network({3, *rc::gen::inRange(1, 9), 2}, *rc::gen::arbitrary<std::uint32_t>());
  const auto number = [](int least) { return *rc::gen::inRange(least, 40) / 8.0; };
  const Units inputs{number(1), number(-40)};
  const Units outputs{-number(1), number(-40)};
  const std::vector<float> levels = {0.25f, 3, 1.5f};
  std::vector<float> numbers;
  for (const float level : levels) numbers.push_back(static_cast<float>((level - inputs.shift) / inputs.scale));
  std::vector<float> expected(2), found(2);
  forward(network, 1, numbers.data(), expected.data());
  forward(in_levels(network, inputs, outputs), 1, levels.data(), found.data());
  for (int i = 0; i < 2; ++i) {
    const double level = outputs.scale * expected[i] + outputs.shift;
    RC_ASSERT(std::abs(found[i] - level) <= 1e-3);
  }
}

TEST(Normalisation, RefusesWhatIsNoUnit) {
  const auto refusal = [](const Units& inputs, const Units& outputs) -> std::string {
    try {
      in_levels({{{1, 1, {2}, {0}}}}, inputs, outputs);
    } catch (const base::InputError& error) {
      return error.what();
    }
    return "nothing was refused";
  };
  const double infinite = std::numeric_limits<double>::infinity();
  EXPECT_THAT(refusal({0, 0}, {}), HasSubstr("scale 0 of the inputs: expected a finite number, not 0"));
  EXPECT_THAT(refusal({}, {infinite, 0}), HasSubstr("scale inf of the outputs"));
  EXPECT_THAT(refusal({}, {1, infinite}), HasSubstr("shift inf of the outputs"));
  EXPECT_THAT(refusal({1e-60, 0}, {}), HasSubstr("the first layer exceeds float32's range"));
  EXPECT_THAT(refusal({}, {1e60, 0}), HasSubstr("the last layer exceeds float32's range"));
}

}  // namespace
}  // namespace optinc::onn
