#include "optinc/verify/input_tolerance.h"

#include <array>
#include <cmath>
#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "optinc/base/error.h"
#include "optinc/base/random.h"
#include "optinc/codec/pam4.h"
#include "optinc/device/preprocessing.h"
#include "optinc/device/splitting.h"
#include "optinc/onn/forward.h"
#include "optinc/verify/testing.h"

namespace optinc::verify {
namespace {

using device::DeviceShape;

TEST(InputTolerance, ProvesWhatARampAllowsAndRefutesWhatItDoesNot) {
  const std::vector<double> small{0.24}, large{0.26};
  const ToleranceProof holds = prove_tolerance(staircase(), kStairShape, small, {});
  EXPECT_EQ(holds.inputs, 7u);
  EXPECT_EQ(holds.proved, 7u);
  EXPECT_EQ(holds.first_unproved, std::nullopt);
  const ToleranceProof fails = prove_tolerance(staircase(), kStairShape, large, {});
  // 0 is right from below, and above it nothing is near: inputs 1/2 .. 3 stand beside a ramp, 3 below the highest.
  EXPECT_EQ(fails.proved, 1u);
  EXPECT_EQ(fails.refuted, 6u);
  EXPECT_EQ(fails.first_unproved, 1u);
}

TEST(InputTolerance, FindsTheLargestInStepsOfAQuarterOctave) {
  EXPECT_DOUBLE_EQ(proved_tolerance(staircase(), kStairShape, 0.2, {}), 0.2);
  EXPECT_DOUBLE_EQ(proved_tolerance(staircase(), kStairShape, 0.4, {}),
                   0.2 * std::exp2(0.25));  // 0.238; 0.283 is too much
}

TEST(InputTolerance, IsZeroWhereAnInputIsWrong) {
  onn::Network wrong = staircase();
  wrong.layers[1].bias[0] = 1;
  EXPECT_EQ(proved_tolerance(wrong, kStairShape, 0.1, {}), 0);
  EXPECT_GT(prove_tolerance(wrong, kStairShape, std::vector<double>{0}, {}).refuted, 0u);
}

TEST(InputTolerance, DoesNotDependOnThreadsNorOnHowTheRangeIsCut) {
  const std::vector<double> radius{0.26};
  const ToleranceProof whole = prove_tolerance(staircase(), kStairShape, radius, {.threads = 2});
  const ToleranceProof low = prove_tolerance(staircase(), kStairShape, radius, {.threads = 1, .first = 0, .count = 3});
  const ToleranceProof high = prove_tolerance(staircase(), kStairShape, radius, {.threads = 1, .first = 3});
  EXPECT_EQ(low.inputs + high.inputs, whole.inputs);
  EXPECT_EQ(low.proved + high.proved, whole.proved);
  EXPECT_EQ(low.boxes + high.boxes, whole.boxes);
}

TEST(InputTolerance, LeavesErrorsWithoutABoundUndecided) {
  const std::vector<double> radius{std::numeric_limits<double>::infinity()};
  const ToleranceProof proof = prove_tolerance(staircase(), kStairShape, radius, {});
  EXPECT_EQ(proof.undecided(), 7u);
}

TEST(InputTolerance, RefusesWhatDoesNotFit) {
  EXPECT_THROW(prove_tolerance(staircase(), kStairShape, std::vector<double>{0.1, 0.1}, {}), base::InputError);
  EXPECT_THROW(prove_tolerance(staircase(), kStairShape, std::vector<double>{-0.1}, {}), base::InputError);
  EXPECT_THROW(prove_tolerance(staircase(), kStairShape, std::vector<double>{std::nan("")}, {}), base::InputError);
  EXPECT_THROW(prove_tolerance(staircase(), {.bits = 4, .servers = 2, .inputs = 1}, std::vector<double>{0.1}, {}),
               base::InputError);
  EXPECT_THROW(prove_tolerance(staircase(), kStairShape, std::vector<double>{0.1}, {.first = 7}), base::InputError);
  EXPECT_THROW(proved_tolerance(staircase(), kStairShape, 0, {}), base::InputError);
}

// What is proved holds at any point: random networks that are right somewhere, random points of the box.
RC_GTEST_PROP(InputToleranceProperty, NoPointOfAProvedBoxIsWrong, ()) {
  onn::Network network = staircase();
  const auto seed = *rc::gen::inRange<std::uint64_t>(0, 1'000'000);
  const base::CounterStream stream(seed, 0);
  std::uint64_t draw = 0;
  for (onn::Layer& layer : network.layers) {
    for (float& weight : layer.weight) weight += static_cast<float>(0.05 * (stream.uniform(draw++) - 0.5));
    for (float& bias : layer.bias) bias += static_cast<float>(0.2 * (stream.uniform(draw++) - 0.5));
  }
  const std::vector<double> radius{0.3 * stream.uniform(draw++)};
  std::uint64_t proved = 0;
  for (std::uint64_t input = 0; input < 7; ++input) {
    const ToleranceProof proof =
        prove_tolerance(network, kStairShape, radius, {.threads = 1, .first = input, .count = 1});
    proved += proof.proved;
    bool wrong = false;
    for (int i = 0; i < 200; ++i) {
      const double place = i < 2 ? 2.0 * i - 1 : 2 * stream.uniform(draw++) - 1;
      const auto point = static_cast<float>(0.5 * static_cast<double>(input) + place * (radius[0] - 1e-6));
      float level = 0;
      onn::forward(network, 1, &point, &level);
      std::uint32_t code = 0;
      device::receive(kStairShape, 1, &level, &code);
      wrong = wrong || code != input / 2;
    }
    RC_ASSERT(!(proof.proved == 1 && wrong));
  }
  RC_TAG(proved == 7 ? "all proved" : proved == 0 ? "none proved" : "some proved");
}

// 4 bits, 2 inputs of one symbol each: level 1's errors are those of A_k. 6 bits, K = 2: input 1 has symbol 1, input 2
// has symbols 2 and 3, of which the first weighs 4.
TEST(InputErrors, AddUpByWeight) {
  const DeviceShape shape{.bits = 6, .servers = 3, .inputs = 2, .role = onn::Role::cascade_level_2};
  const std::vector<double> bounds = input_errors(shape, std::vector<double>{0.01, 0.02, 0.03});
  EXPECT_NEAR(bounds[0], 0.01, 1e-5);
  EXPECT_NEAR(bounds[1], 0.11, 1e-5);
  EXPECT_GT(bounds[0], 0.01);  // float32's rounding
}

TEST(InputErrors, AreNoneWhereLevel1HasNoneAndSumsAreExact) {
  const DeviceShape shape{.bits = 4, .servers = 4, .inputs = 2, .role = onn::Role::cascade_level_2};
  EXPECT_THAT(input_errors(shape, std::vector<double>{0, 0}), testing::ElementsAre(0, 0));
  const DeviceShape three{.bits = 4, .servers = 3, .inputs = 2, .role = onn::Role::cascade_level_2};
  EXPECT_THAT(input_errors(three, std::vector<double>{0, 0}), testing::Each(testing::Gt(0)));
}

}  // namespace
}  // namespace optinc::verify
