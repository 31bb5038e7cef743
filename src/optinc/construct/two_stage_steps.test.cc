// Attacks on the proof of steps of two stages: networks that are wrong, with claims that say they are right.
#include <cmath>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "optinc/base/error.h"
#include "optinc/construct/construct.h"
#include "optinc/device/onn_averager.h"
#include "optinc/verify/by_stage.h"
#include "optinc/verify/verify.h"

namespace optinc::construct {
namespace {

using device::DeviceShape;
using testing::HasSubstr;

/// Steps of two stages: shortfalls in every first layer of a step.
onn::Design stepping_in_two_stages(const DeviceShape& shape, bool powers_of_two = false) {
  Plan plan = pick_plan(shape, Variant::tolerant);
  plan.two_stage_steps = true;
  plan.restore_decimals = true;
  plan.powers_of_two = powers_of_two;
  return construct(shape, plan);
}

/// Number of the first shortfall of this threshold, any if 0; and its layer.
std::pair<std::size_t, std::size_t> find_shortfall(const verify::Stages& stages, int threshold = 0) {
  for (std::size_t layer = 0; layer < stages.size(); ++layer) {
    for (std::size_t i = 0; i < stages[layer].size(); ++i) {
      const verify::Signal& signal = stages[layer][i];
      if (signal.meaning == verify::Meaning::shortfall && (threshold == 0 || signal.threshold == threshold)) {
        return {layer, i};
      }
    }
  }
  throw base::InputError("no shortfall");
}

float& weight(onn::Layer& layer, int row, int column) {
  return layer.weight[static_cast<std::size_t>(row) * layer.inputs + column];
}

/// More outputs of a layer, of which the next sees nothing so far.
void add_wires(onn::Network& network, std::size_t layer, int count) {
  onn::Layer &own = network.layers[layer], &next = network.layers[layer + 1];
  own.weight.resize(own.weight.size() + static_cast<std::size_t>(count) * own.inputs);
  own.bias.resize(own.bias.size() + count);
  own.outputs += count;
  onn::Layer wider = next;
  wider.inputs += count;
  wider.weight.assign(static_cast<std::size_t>(wider.outputs) * wider.inputs, 0);
  for (int row = 0; row < next.outputs; ++row) {
    for (int column = 0; column < next.inputs; ++column) weight(wider, row, column) = weight(next, row, column);
  }
  next = wider;
}

// Of a threshold of one step there is one value to compare, 0: a wire that rises behind it is no shortfall.
TEST(TwoStageProof, AShortfallFalls) {
  const DeviceShape shape{6, 3, 3};
  onn::Design design = stepping_in_two_stages(shape);
  verify::Stages stages = verify::parse_stages(design.stages);
  ASSERT_EQ(verify::prove_by_stage(design.network, shape, stages).refusal, "");
  const auto [number, i] = find_shortfall(stages, 1);
  verify::Signal& shortfall = stages[number][i];
  const int wire = shortfall.readings[0].wire;
  onn::Layer &layer = design.network.layers[number], &next = design.network.layers[number + 1];
  for (int column = 0; column < layer.inputs; ++column) weight(layer, wire, column) *= -1;
  layer.bias[wire] *= -1;
  shortfall.constant = 1.0 / shape.servers;
  for (int row = 0; row < next.outputs; ++row) {
    const double slope = weight(next, row, wire) / shortfall.readings[0].factor;
    if (slope != 0) next.bias[row] = static_cast<float>(1 + slope / shape.servers);
  }
  EXPECT_THAT(verify::prove_by_stage(design.network, shape, stages).refusal, HasSubstr("expected a wire that falls"));
}

// Noise may take a dark wire below 0, too.
TEST(TwoStageProof, NoiseOfADarkWireGoesEitherWay) {
  const DeviceShape shape{2, 3, 1};
  onn::Design design = stepping_in_two_stages(shape);
  verify::Stages stages = verify::parse_stages(design.stages);
  constexpr double kNoise = 1e-5;
  constexpr float kFactor = 100;
  add_wires(design.network, 0, 1);  // of 1000: what noise is a share of
  design.network.layers[0].bias.back() = 1000;
  const int wire = stages[0][find_shortfall(stages).second].readings[0].wire;
  const int negative = design.network.layers[1].outputs;
  add_wires(design.network, 1, 1);  // relu(-shortfall): lit where noise takes it below 0
  weight(design.network.layers[1], negative, wire) = -1;
  for (verify::Signal& signal : stages[1]) {
    if (signal.meaning == verify::Meaning::digit) signal.readings.push_back({negative, kFactor});
  }
  for (int row = 0; row < design.network.layers[2].outputs; ++row) {
    weight(design.network.layers[2], row, negative) = kFactor;
  }
  EXPECT_EQ(verify::prove_by_stage(design.network, shape, stages).refusal, "");
  EXPECT_NE(verify::prove_by_stage(design.network, shape, stages, kNoise).refusal, "");
}

// A copy of a shortfall is not exact because it has no error beside the shortfall's own.
TEST(TwoStageProof, OnlyStepsAreExact) {
  const DeviceShape shape{2, 4, 1};
  onn::Design design = stepping_in_two_stages(shape, /*powers_of_two=*/true);
  verify::Stages stages = verify::parse_stages(design.stages);
  const int wire = stages[0][find_shortfall(stages).second].readings[0].wire;
  std::vector<float> factors{8e6f};
  factors.resize(21, -0.2f);
  for (int i = 0; i < 21; ++i) factors.push_back(-factors[i]);  // which cancel
  const int first = design.network.layers[1].outputs;
  add_wires(design.network, 1, static_cast<int>(factors.size()));
  for (int i = 0; i < static_cast<int>(factors.size()); ++i) {
    weight(design.network.layers[1], first + i, wire) = 1;
    stages[1][0].readings.push_back({first + i, factors[i]});
    for (int row = 0; row < design.network.layers[2].outputs; ++row) {
      weight(design.network.layers[2], row, first + i) = factors[i];
    }
  }
  const verify::ByStageProof proof = verify::prove_by_stage(design.network, shape, stages);
  const verify::Verification found = verify::verify(device::OnnAverager(design, shape), {});
  EXPECT_GT(found.wrong, 0u);
  EXPECT_FALSE(proof.proved());
}

// Wires of one sum whose error is larger than its range: every value sees every corner, which took most of an hour.
TEST(TwoStageProof, HopelessClaimsAreRefusedSoon) {
  const DeviceShape shape{.bits = 16, .servers = 3, .inputs = 1};
  constexpr int kWires = 300;
  constexpr float kFar = 1e12f;
  onn::Network network{{{.outputs = 1, .inputs = 1, .weight = {1}, .bias = {kFar}},
                        {.outputs = kWires, .inputs = 1, .weight = std::vector<float>(kWires, 1), .bias = {}},
                        {.outputs = 8, .inputs = kWires, .weight = std::vector<float>(8 * kWires), .bias = {}}}};
  network.layers[1].bias.assign(kWires, -kFar);
  network.layers[2].bias.assign(8, 0);
  const verify::Signal rest{.meaning = verify::Meaning::rest, .place = 7, .readings = {{0, 1}}, .constant = -kFar};
  verify::Signal mean = rest;
  mean.readings.clear();
  mean.constant = 0;
  for (int wire = 0; wire < kWires; ++wire) mean.readings.push_back({wire, 1.0 / kWires});
  EXPECT_THAT(verify::prove_by_stage(network, shape, {{rest}, {mean}}).refusal, HasSubstr("is off by"));
}

// What double arithmetic rounds away, a large weight brings back: a wire that looks dark behind a steep step.
TEST(TwoStageProof, ATinyBiasBehindASteepStepCounts) {
  for (const DeviceShape& shape : {DeviceShape{2, 4, 1}, DeviceShape{4, 4, 2}}) {
    for (const float tiny : {1e-14f, 1e-20f, 1e-30f}) {
      onn::Design design = stepping_in_two_stages(shape, /*powers_of_two=*/true);
      const verify::Stages stages = verify::parse_stages(design.stages);
      const int wire = stages[0][find_shortfall(stages).second].readings[0].wire;
      onn::Layer& layer = design.network.layers[1];
      float steep = 0;
      for (int row = 0; row < layer.outputs; ++row) steep = std::min(steep, weight(layer, row, wire));
      const int hidden = layer.outputs;
      add_wires(design.network, 1, 1);
      weight(layer, hidden, wire) = steep;
      layer.bias[hidden] = tiny;
      onn::Layer& next = design.network.layers[2];
      for (int row = 0; row < next.outputs; ++row) weight(next, row, hidden) = 1 / tiny;
      EXPECT_GT(verify::verify(device::OnnAverager(design, shape), {}).wrong, 0u);
      EXPECT_NE(verify::prove_by_stage(design.network, shape, stages).refusal, "") << tiny;
    }
  }
}

// The same where the factor that a shortfall is read with is what is tiny: of one step, it has but one value above 0.
TEST(TwoStageProof, ATinyFactorOfAShortfallCounts) {
  const DeviceShape shape{2, 4, 1};
  const onn::Design plain = stepping_in_two_stages(shape, /*powers_of_two=*/true);
  int wrong = 0;
  for (int power = 40; power < 55; ++power) {
    for (const float behind : {0.35f, 0.05f}) {
      onn::Design design = plain;
      verify::Stages stages = verify::parse_stages(design.stages);
      const int wire = design.network.layers[0].outputs;
      add_wires(design.network, 0, 1);
      design.network.layers[0].bias[wire] = 1;
      weight(design.network.layers[0], wire, 0) = -4;
      const double factor = std::ldexp(1.0, -power);
      stages[0].push_back({.meaning = verify::Meaning::shortfall,
                           .place = 0,
                           .threshold = 1,
                           .readings = {{wire, factor}},
                           .constant = 0.25 - factor});
      const auto tiny = static_cast<float>(std::ldexp(0.25, power - 52) * behind);
      const int hidden = design.network.layers[1].outputs;
      add_wires(design.network, 1, 1);
      design.network.layers[1].bias[hidden] = tiny;
      weight(design.network.layers[1], hidden, wire) = -1.235f;
      weight(design.network.layers[2], 0, hidden) = 1 / tiny;
      if (verify::verify(device::OnnAverager(design, shape), {}).wrong == 0) continue;
      ++wrong;
      EXPECT_NE(verify::prove_by_stage(design.network, shape, stages).refusal, "") << power;
    }
  }
  EXPECT_GT(wrong, 20);
}

// A level 2 that floors is built on the lattice of every rounding: that is what its claims are about.
TEST(TwoStageProof, AFloorIsProvedOnTheLatticeOfEveryRoundingWhereItIsBuiltForThat) {
  for (const int servers : {4, 20}) {
    const DeviceShape level_2{.bits = 4, .servers = servers, .inputs = 2, .role = onn::Role::cascade_level_2};
    const onn::Design design = construct(level_2, pick_plan(level_2, Variant::tolerant));
    const verify::Stages stages = verify::parse_stages(design.stages);
    const DeviceShape of_claims = verify::shape_of_claims(design.network, level_2, stages);
    EXPECT_EQ(verify::prove_by_stage(design.network, of_claims, stages).refusal, "") << servers;
  }
  const DeviceShape single{8, 4, 4};
  const onn::Design design = construct(single, pick_plan(single, Variant::tolerant));
  EXPECT_FALSE(verify::shape_of_claims(design.network, single, verify::parse_stages(design.stages)).every_rounding);
}

}  // namespace
}  // namespace optinc::construct
