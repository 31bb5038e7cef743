#include "optinc/device/cascade_preprocessing.h"

#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "optinc/base/error.h"
#include "optinc/device/preprocessing.h"
#include "optinc/device/testing.h"

namespace optinc::device {
namespace {

using testing::ElementsAre;

const codec::RoundingBits kRoundingBits(1);

// 4 bits, 2 ports, K = 2. Devices say 7.5 = digits 1, 3 + 1/2 (code 15) and 8 = digits 2, 0 (code 16).
// Input 1: (1 + 2) / 2 in steps of 1/2: 3. Input 2: (3.5 + 0) / 2 in steps of 1/4: 7.
TEST(CascadePreprocessing, WorkedByHand) {
  const DeviceShape shape{.bits = 4, .servers = 2, .inputs = 2, .role = onn::Role::cascade_level_2};
  const std::vector<std::uint32_t> codes{15, 16};
  std::vector<std::int32_t> steps(2);
  preprocess_averages(shape, 1, codes.data(), kRoundingBits, 0, steps.data());
  EXPECT_THAT(steps, ElementsAre(3, 7));
  const std::vector<float> levels{1, 3.5f, 2, 0};
  std::vector<float> inputs(2);
  preprocess_levels(shape, 1, levels.data(), kRoundingBits, 0, inputs.data());
  EXPECT_THAT(inputs, ElementsAre(1.5f, 1.75f));
}

// The same as one input of s = 2 symbols, device 1 with an error of 0.125 on symbol 1: four times that, halved.
TEST(CascadePreprocessing, AnErrorOfAHighSymbolCountsByItsPlace) {
  const DeviceShape shape{.bits = 4, .servers = 2, .inputs = 1, .role = onn::Role::cascade_level_2};
  const std::vector<float> levels{1.125f, 3.5f, 2, 0};
  std::vector<float> inputs(1);
  preprocess_levels(shape, 1, levels.data(), kRoundingBits, 0, inputs.data());
  EXPECT_THAT(inputs, ElementsAre((7.5f + 8) / 2 + 0.25f));
}

RC_GTEST_PROP(CascadePreprocessingProperty, OnTheLatticeBothSayTheSame, ()) {
  const DeviceShape shape = arbitrary_shape(/*most_bits=*/12, /*most_servers=*/5, onn::Role::cascade_level_2);
  DeviceShape level_1 = shape;
  level_1.role = onn::Role::cascade_level_1;
  level_1.rounding = codec::Rounding::floor;
  const auto count = *rc::gen::inRange<std::size_t>(1, 20);
  const auto first_element = *rc::gen::inRange<std::uint64_t>(0, 1000);
  std::vector<std::uint32_t> codes(shape.servers * count);
  std::vector<float> levels(codes.size() * shape.symbols());
  for (std::size_t i = 0; i < codes.size(); ++i) {
    codes[i] = *rc::gen::inRange<std::uint32_t>(0, shape.servers << shape.bits);
    level_1.levels_of_code(codes[i], levels.data() + i * shape.symbols());
  }
  std::vector<std::int32_t> steps(count * shape.inputs);
  std::vector<float> inputs(steps.size()), of_steps(steps.size());
  preprocess_averages(shape, count, codes.data(), kRoundingBits, first_element, steps.data());
  levels_of_steps(shape, count, steps.data(), of_steps.data());
  preprocess_levels(shape, count, levels.data(), kRoundingBits, first_element, inputs.data());
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    // A level of N = 3 or 5 ports is rounded to float32 before it is averaged.
    RC_ASSERT(std::abs(inputs[i] - of_steps[i]) <= 0x1p-22f * std::abs(of_steps[i]));
    const auto k = static_cast<int>(i % shape.inputs);
    RC_ASSERT(steps[i] >= shape.first_step(k) && steps[i] <= shape.last_step(k));
  }
}

TEST(CascadePreprocessing, IsForLevel2Alone) {
  std::vector<std::int32_t> steps(4);
  const std::vector<std::uint32_t> codes(4);
  EXPECT_THROW(preprocess_averages({8, 4, 4}, 1, codes.data(), kRoundingBits, 0, steps.data()), base::InputError);
}

}  // namespace
}  // namespace optinc::device
