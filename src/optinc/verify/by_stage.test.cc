#include "optinc/verify/by_stage.h"

#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "optinc/base/error.h"
#include "optinc/verify/testing.h"

namespace optinc::verify {
namespace {

using testing::HasSubstr;
using testing::Not;

// The staircase of testing.h reads floor(A) off six wires: sum_j 4 (w_2j - w_2j+1). A = 0, 1/2, .. 3: 7 values.
Stages staircase_stages() {
  Signal digit{.meaning = Meaning::digit, .position = 0, .inputs = {0}};
  for (int j = 0; j < 3; ++j) {
    digit.readings.push_back({2 * j, 4});
    digit.readings.push_back({2 * j + 1, -4});
  }
  return {{digit}};
}

TEST(ByStage, ProvesAStaircase) {
  const ByStageProof proof = prove_by_stage(staircase(), kStairShape, staircase_stages());
  EXPECT_EQ(proof.refusal, "");
  ASSERT_EQ(proof.stages.size(), 1u);
  EXPECT_EQ(proof.stages[0].signals, 1u);
  EXPECT_EQ(proof.stages[0].values, 7u);
  ASSERT_EQ(proof.largest_errors.size(), 1u);
  EXPECT_LT(proof.largest_errors[0], 1e-12);  // all sums are multiples of 1/8: exact
}

// Six wires of at most 2.375 and the output of at most 3, and what it is off, err by the noise: 24 * 2.375 + 3 = 60
// times it, and 0.5 is too much. A itself has none, so that ramps never move.
TEST(ByStage, FollowsNoiseToTheOutput) {
  const double noise = proved_noise(staircase(), kStairShape, staircase_stages());
  EXPECT_NEAR(noise, 0.5 / 60, 0.02 * 0.5 / 60);
  EXPECT_THAT(prove_by_stage(staircase(), kStairShape, staircase_stages(), 0.01).refusal,
              HasSubstr("layer 2: symbol 1 is off by up to 0.606 levels, expected less than 0.5"));
}

TEST(ByStage, NamesTheLayerAndTheSignalThatAreWrong) {
  const auto refusal = [](const onn::Network& network, const Stages& stages) {
    return prove_by_stage(network, kStairShape, stages).refusal;
  };
  onn::Network late = staircase();  // the step to 2 comes after 2
  late.layers[0].bias[2] -= 0.5f;
  late.layers[0].bias[3] -= 0.5f;
  EXPECT_THAT(refusal(late, staircase_stages()),
              HasSubstr("layer 1: the digit at position 0 is off by 1, expected less"));

  Stages stages = staircase_stages();
  stages[0][0].meaning = Meaning::carry;
  EXPECT_THAT(refusal(staircase(), stages), HasSubstr("nothing that it is read from says the carry out of position 0"));
  stages = staircase_stages();
  stages[0][0].readings[0].wire = 6;
  EXPECT_THAT(refusal(staircase(), stages), HasSubstr("is read from wire 6, expected 0 .. 5"));
  EXPECT_THAT(refusal(staircase(), {}),
              HasSubstr("layer 1: 0 stages are claimed, expected one for each of the 1 hidden"));
  EXPECT_THAT(refusal(staircase(), Stages(1)), HasSubstr("layer 2: output 1 is no sum that says symbol 1"));

  onn::Network other = staircase();  // another output: half the digit
  for (float& weight : other.layers[1].weight) weight /= 2;
  EXPECT_THAT(refusal(other, staircase_stages()), HasSubstr("layer 2: symbol 1 is off by up to 1.5 levels"));
}

// A wire that is read twice would count twice here, and once afterwards.
TEST(ByStage, RefusesToReadAWireTwice) {
  Stages stages = staircase_stages();
  for (int j = 0; j < 3; ++j) {
    stages[0][0].readings.push_back({2 * j, -2});
    stages[0][0].readings.push_back({2 * j + 1, 2});
  }
  EXPECT_THAT(prove_by_stage(staircase(), kStairShape, stages).refusal,
              HasSubstr("layer 1: the digit at position 0 is read from wire 0 twice"));
}

// Claims come from files: whatever they say, the answer is one line, and soon.
TEST(ByStage, RefusesClaimsAboutNothing) {
  constexpr int kMost = std::numeric_limits<int>::max(), kLeast = std::numeric_limits<int>::min();
  const auto refusal = [](const auto& change) {
    Stages stages = staircase_stages();
    change(stages[0][0]);
    return prove_by_stage(staircase(), kStairShape, stages).refusal;
  };
  for (const int far : {kMost, kLeast, 1, -3}) {
    EXPECT_THAT(refusal([&](Signal& signal) { signal.position = far; }), HasSubstr("layer 1: position"));
    EXPECT_THAT(refusal([&](Signal& signal) {
                  signal.meaning = Meaning::rest;
                  signal.place = far;
                }),
                HasSubstr("layer 1: a rest from place"));
    EXPECT_THAT(refusal([&](Signal& signal) {
                  signal.meaning = Meaning::rest;
                  signal.input = far;
                }),
                HasSubstr("no input and no remainder"));
  }
  EXPECT_THAT(refusal([](Signal& signal) { signal.inputs = {0, 0}; }), HasSubstr("ascending"));
  EXPECT_THAT(refusal([](Signal& signal) { signal.readings[0].factor = std::numeric_limits<double>::infinity(); }),
              Not(testing::IsEmpty()));
}

// Sums that float32 does not hold are none.
TEST(ByStage, RefusesWhatFloat32CanNotHold) {
  onn::Network network = staircase();
  Stages stages = staircase_stages();
  for (float& weight : network.layers[0].weight) weight *= 1e38f;
  for (float& bias : network.layers[0].bias) bias *= 1e38f;
  for (Reading& reading : stages[0][0].readings) reading.factor /= 1e38;
  for (float& weight : network.layers[1].weight) weight /= 1e38f;
  EXPECT_THAT(prove_by_stage(network, kStairShape, stages).refusal, HasSubstr("more than float32 holds"));
}

TEST(ByStage, RefusesBadInput) {
  EXPECT_THROW(prove_by_stage(random_network({2, 4, 1}, 1), kStairShape, Stages(1)), base::InputError);
  EXPECT_THROW(prove_by_stage(staircase(), kStairShape, Stages(1), -1), base::InputError);
  EXPECT_THROW(prove_by_stage(staircase(), kStairShape, Stages(1), std::numeric_limits<double>::quiet_NaN()),
               base::InputError);
  Stages stages = staircase_stages();
  stages[0][0].inputs = {7};
  EXPECT_THAT(prove_by_stage(staircase(), kStairShape, stages).refusal,
              HasSubstr("layer 1: the digit at position 0 of inputs 7: expected some of 0, ascending"));
}

}  // namespace
}  // namespace optinc::verify
