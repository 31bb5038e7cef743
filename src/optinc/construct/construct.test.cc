#include "optinc/construct/construct.h"

#include <numeric>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "optinc/base/error.h"
#include "optinc/device/onn_averager.h"
#include "optinc/device/testing.h"
#include "optinc/onn/matrix_approximation.h"
#include "optinc/onn/mzi_count.h"
#include "optinc/verify/by_stage.h"
#include "optinc/verify/inputs.h"
#include "optinc/verify/relative_noise.h"
#include "optinc/verify/verify.h"

namespace optinc::construct {
namespace {

using codec::Rounding;
using device::DeviceShape;
using testing::HasSubstr;
using testing::ThrowsMessage;

const std::vector<int> kB8N4 = {4, 64, 128, 256, 128, 64, 4};
const std::vector<int> kB8N8 = {4, 64, 128, 256, 512, 256, 128, 64, 4};
const std::vector<int> kB8N16 = {4, 64, 128, 256, 512, 1024, 512, 256, 128, 64, 4};
const std::vector<int> kB16N4 = {4, 64, 128, 256, 512, 256, 128, 64, 8};

onn::LayerSet all_of(const std::vector<int>& widths) {
  return onn::LayerSet::parse("all", static_cast<int>(widths.size()) - 1);
}

DeviceShape every_rounding(DeviceShape shape) {
  shape.every_rounding = true;
  return shape;
}

double approximation_error(const onn::Design& design) {
  double largest = 0;
  for (std::size_t i = 0; i < design.network.layers.size(); ++i) {
    if (!design.approximated.contains(static_cast<int>(i) + 1)) continue;
    largest = std::max(largest, onn::approximation_error(design.network.layers[i]));
  }
  return largest;
}

verify::VerifyOptions sample_of(std::uint64_t count) {
  return {.count = count, .sampled = true};
}

void expect_exact(const DeviceShape& shape, const std::vector<int>& widths, const onn::LayerSet& approximated,
                  const verify::VerifyOptions& options = {}) {
  const onn::Design design = construct(shape, widths, approximated);
  EXPECT_NO_THROW(onn::check(design, "constructed"));
  EXPECT_EQ(design.network.widths(), widths);
  EXPECT_LT(approximation_error(design), 1e-6);
  EXPECT_EQ(verify::prove_by_stage(design.network, shape, verify::parse_stages(design.stages)).refusal, "");
  const verify::Verification found = verify::verify(device::OnnAverager(design, shape), options);
  EXPECT_EQ(found.wrong, 0u) << "of " << found.inputs;
  EXPECT_LT(found.largest_analog_error(), 0.01);
}

TEST(Construct, EightBitsFourServersIsExactInEveryRounding) {
  expect_exact({8, 4, 4}, kB8N4, all_of(kB8N4));
  expect_exact(every_rounding({8, 4, 4}), kB8N4, all_of(kB8N4));
  expect_exact({8, 4, 4, Rounding::nearest}, kB8N4, all_of(kB8N4));
  expect_exact({8, 4, 4, Rounding::nearest_unbiased}, kB8N4, all_of(kB8N4));
}

TEST(Construct, EightBitsFourServersTakesTheAreaOfTableOne) {
  const onn::Design design = construct({8, 4, 4}, kB8N4, all_of(kB8N4));
  EXPECT_EQ(design.area_mzi, 41936);
  EXPECT_EQ(design.origin, "constructed");
  EXPECT_EQ(design.approximated.to_string(), "1-6");
}

TEST(Construct, EightBitsEightServersIsExactInEveryRounding) {
  expect_exact(every_rounding({8, 8, 4}), kB8N8, all_of(kB8N8), sample_of(20000));
  expect_exact({8, 8, 4, Rounding::nearest}, kB8N8, all_of(kB8N8), sample_of(10000));
}

// runs/verify-designs.sh goes through all of their inputs.
TEST(Construct, TheLargeOnesAreExactOnASample) {
  expect_exact(every_rounding({8, 16, 4}), kB8N16, all_of(kB8N16), sample_of(5000));
  expect_exact(every_rounding({16, 4, 4}), kB16N4, all_of(kB16N4), sample_of(10000));
}

// Approximated layers only constrain: the wires of the circuit are the same without.
TEST(Construct, TakesAnySetOfApproximatedLayers) {
  for (const char* layers : {"none", "1", "2-5", "1,3,6", "6"}) {
    SCOPED_TRACE(layers);
    expect_exact(every_rounding({8, 4, 4}), kB8N4, onn::LayerSet::parse(layers, 6));
  }
}

// 8 bits, 4 servers, serial: floors in 27 wires, three carries, symbols.
TEST(Construct, NeedsLittleWithoutSquares) {
  expect_exact(every_rounding({8, 4, 4}), {4, 27, 7, 7, 6, 4}, {});
  expect_exact(every_rounding({8, 4, 4}), {4, 27, 10, 4}, {});
}

// 12 bits, 4 servers, 2 inputs: three digits of each input, of which the first two by thresholds (3 + 3 stages), or all
// at once.
TEST(Construct, TakesMoreDigitsAtOnceWhereLayersAreFew) {
  expect_exact(every_rounding({8, 4, 2}), {2, 64, 16, 4}, {});
}

/// Hidden layers that have room for any of the small shapes, mostly of Table I's form.
std::vector<int> any_widths(const DeviceShape& shape) {
  std::vector<int> widths = {shape.inputs};
  const int narrowest = std::max(128, 64 * shape.inputs);
  const int layers = *rc::gen::inRange(10, 13);
  for (int layer = 1; layer < layers; ++layer) widths.push_back(narrowest << *rc::gen::inRange(0, 2));
  widths.push_back(shape.symbols());
  return widths;
}

onn::LayerSet any_layers(const std::vector<int>& widths) {
  onn::LayerSet layers;
  for (int layer = 1; layer < static_cast<int>(widths.size()); ++layer) {
    if (onn::can_be_approximated(widths[layer], widths[layer - 1]) && *rc::gen::inRange(0, 3) > 0) layers.insert(layer);
  }
  return layers;
}

DeviceShape any_shape(onn::Role role) {
  DeviceShape shape = device::arbitrary_shape(/*most_bits=*/10, /*most_servers=*/2, role);
  shape.servers = 1 << *rc::gen::inRange(1, role == onn::Role::single ? 6 : 4);
  if (role == onn::Role::single && shape.rounding == Rounding::floor) {
    shape.every_rounding = *rc::gen::arbitrary<bool>();
  }
  return shape;
}

void check_any(onn::Role role) {
  const DeviceShape shape = any_shape(role);
  for (int k = 0; k < shape.inputs; ++k) RC_PRE(shape.last_step(k) < 1024);  // float32 is proved to carry these
  const std::vector<int> widths = any_widths(shape);
  const onn::LayerSet approximated = any_layers(widths);
  RC_LOG() << shape.bits << " bits, " << shape.servers << " servers, K = " << shape.inputs << ", "
           << codec::to_string(shape.rounding) << (shape.every_rounding ? " every, " : ", ") << onn::to_string(role)
           << ", widths " << testing::PrintToString(widths) << ", approximated " << approximated.to_string() << "\n";
  const onn::Design design = construct(shape, widths, approximated);
  onn::check(design, "constructed");
  RC_ASSERT(approximation_error(design) < 1e-6);
  const verify::Verification found = verify::verify(device::OnnAverager(design, shape), sample_of(1000));
  RC_ASSERT(found.wrong == 0u);
  RC_ASSERT(found.largest_analog_error() < 0.01);
}

RC_GTEST_PROP(ConstructProperty, IsExactForAnyPowerOfTwo, ()) {
  check_any(onn::Role::single);
}
RC_GTEST_PROP(ConstructProperty, IsExactAtLevelOneOfACascade, ()) {
  check_any(onn::Role::cascade_level_1);
}
RC_GTEST_PROP(ConstructProperty, IsExactAtLevelTwoOfACascade, ()) {
  check_any(onn::Role::cascade_level_2);
}

// The result is a function of what is asked for.
TEST(Construct, GivesTheSameDesignAgain) {
  EXPECT_EQ(construct({8, 4, 4}, kB8N4, all_of(kB8N4)).network, construct({8, 4, 4}, kB8N4, all_of(kB8N4)).network);
}

// Nearest is the floor with other light in the first bias.
TEST(Construct, NearestDiffersInTheFirstBiasAlone) {
  const onn::Network floor = construct({8, 4, 4}, kB8N4, all_of(kB8N4)).network;
  onn::Network nearest = construct({8, 4, 4, Rounding::nearest}, kB8N4, all_of(kB8N4)).network;
  EXPECT_NE(floor, nearest);
  nearest.layers[0].bias = floor.layers[0].bias;
  EXPECT_EQ(floor, nearest);
}

// Level 2 of a cascade: decimals on the highest code, which no servers can send, round up to one step more.
TEST(Construct, StaysAtTheHighestCodeWhereLightLiftsAnAverageOverIt) {
  for (const int bits : {3, 4}) {
    expect_exact(
        {.bits = bits, .servers = 2, .inputs = 2, .rounding = Rounding::nearest, .role = onn::Role::cascade_level_2},
        {2, 128, 128, 128, 128, 128, 2}, {});
  }
}

// 8 bits in two inputs, 1,000 servers: 15,000 steps an input.
TEST(Construct, RefusesWhatFloat32CanNotBeProvedToCarry) {
  EXPECT_THAT(
      [] {
        construct({8, 1000, 2}, pick_plan({8, 1000, 2}, Variant::tolerant));
      },
      ThrowsMessage<base::InputError>(HasSubstr("layer 1: the rest of input 1 from place 0 down is off by")));
}

TEST(Construct, NamesTheStageThatDoesNotFitAndItsWidth) {
  EXPECT_THAT(
      [] {
        construct({8, 4, 4}, {4, 23, 11, 4}, {});
      },
      ThrowsMessage<base::InputError>(HasSubstr("stage \"digits 1\" (layer 1, 23 x 4) needs a width of 24")));
  EXPECT_THAT(
      [] {
        construct({8, 4, 4}, {4, 24, 9, 4}, {});
      },
      ThrowsMessage<base::InputError>(HasSubstr("stage \"carry 1\" (layer 2, 9 x 24) needs a width of 10")));
}

// Squares of side 4 that see all four inputs have no dark wire: one row of an input each. Parallel rows need dark
// wires.
TEST(Construct, NamesTheStageThatDoesNotFitInItsSquares) {
  EXPECT_THAT(
      [] {
        construct({8, 4, 4}, {4, 28, 28, 28, 28, 4}, onn::LayerSet::parse("2", 5));
      },
      ThrowsMessage<base::InputError>(
          HasSubstr("layer 2, 28 x 28) with 14 wires from 24 does not fit in squares of side 28")));
}

TEST(Construct, SaysHowManyLayersItNeeds) {
  EXPECT_THAT(
      [] {
        construct({8, 4, 4}, {4, 64, 4}, {});
      },
      ThrowsMessage<base::InputError>(HasSubstr("2 layers: the circuit for 8 bits and 4 servers needs at least 3")));
}

TEST(Construct, RefusesWidthsThatDoNotGoWithTheShape) {
  EXPECT_THROW(construct({8, 4, 4}, {}, {}), base::InputError);
  EXPECT_THROW(construct({8, 4, 4}, {2, 64, 4}, {}), base::InputError);
  EXPECT_THROW(construct({8, 4, 4}, {4, 64, 3}, {}), base::InputError);
  EXPECT_THROW(construct({8, 4, 4}, {4, 64, 0, 4}, {}), base::InputError);
  EXPECT_THROW(construct({8, 4, 4}, {4, 63, 64, 64, 64, 4}, onn::LayerSet::parse("1", 5)), base::InputError);
  EXPECT_THROW(construct({8, 4, 4}, {4, 64, 64, 4}, onn::LayerSet::parse("7", 7)), base::InputError);
}

// --- as wide as needed
// -------------------------------------------------------------------------------------------------

onn::Design construct_variant(const DeviceShape& shape, Variant variant) {
  return construct(shape, pick_plan(shape, variant));
}

/// Proved on all inputs; right on all of them, or a sample where those are too many; no further off than proved.
void expect_proved_and_right(const onn::Design& design, const DeviceShape& shape, std::uint64_t sample) {
  onn::check(design, "constructed");
  const verify::ByStageProof proof = verify::prove_by_stage(design.network, shape, verify::parse_stages(design.stages));
  EXPECT_EQ(proof.refusal, "");
  const bool few = verify::possible_inputs(shape) <= 30000;
  const verify::Verification found =
      verify::verify(device::OnnAverager(design, shape), few ? verify::VerifyOptions{} : sample_of(sample));
  EXPECT_EQ(found.wrong, 0u) << "of " << found.inputs;
  for (std::size_t m = 0; m < found.largest_errors.size(); ++m) {
    EXPECT_LE(found.largest_errors[m], proof.largest_errors[m] + 1e-12) << "symbol " << m + 1;
  }
}

TEST(ConstructVariant, IsProvedAndRight) {
  for (const Variant variant : {Variant::tolerant, Variant::shallow, Variant::narrow}) {
    for (const DeviceShape& shape : {DeviceShape{8, 4, 4},
                                     {8, 8, 4},
                                     {8, 16, 4},
                                     {8, 64, 4},
                                     {16, 4, 8},
                                     {16, 4, 4},
                                     {32, 4, 16},
                                     {7, 2, 4},
                                     {12, 256, 6}}) {
      SCOPED_TRACE(testing::Message() << shape.bits << " bits, " << shape.servers << " servers, variant "
                                      << static_cast<int>(variant));
      expect_proved_and_right(construct_variant(shape, variant), shape, 2000);
    }
  }
}

// Averages that end at no digit: decimals are divided as by hand. 16 bits over 6 servers is what float32 gets wrong
// where no decimals are restored.
TEST(ConstructVariant, IsProvedAndRightForServersThatAreNoPowerOfTwo) {
  for (const Variant variant : {Variant::tolerant, Variant::shallow, Variant::narrow}) {
    for (const DeviceShape& shape : {DeviceShape{4, 3, 2},
                                     {8, 3, 4},
                                     {8, 6, 4, Rounding::nearest},
                                     {8, 6, 2},
                                     {8, 12, 1},
                                     {8, 24, 4, Rounding::nearest_unbiased},
                                     {7, 5, 4},
                                     {9, 7, 3},
                                     {16, 6, 8, Rounding::nearest},
                                     {16, 6, 4},
                                     {32, 6, 16}}) {
      SCOPED_TRACE(testing::Message() << shape.bits << " bits, " << shape.servers << " servers, K = " << shape.inputs
                                      << ", variant " << static_cast<int>(variant));
      expect_proved_and_right(construct_variant(shape, variant), shape, 1000);
    }
  }
}

// A plan that asks for it gets it.
TEST(ConstructVariant, RestoresDigitsWhereAsked) {
  const DeviceShape shape{8, 16, 4};
  Plan plan = pick_plan(shape, Variant::tolerant);
  const onn::Design plain = construct(shape, plan);
  plan.restore_digits = 1;
  const onn::Design restored = construct(shape, plan);
  EXPECT_GT(restored.network.layers.size(), plain.network.layers.size());
  expect_proved_and_right(restored, shape, 1000);
  const auto noise = [&](const onn::Design& design) {
    return verify::proved_noise(design.network, shape, verify::parse_stages(design.stages));
  };
  EXPECT_GT(noise(restored), noise(plain));
  plan.restore_digits = 3;
  EXPECT_THROW(construct(shape, plan), base::InputError);
}

// Steps of 1/1024: float32 shows in them, until digits are restored.
TEST(ConstructVariant, TakesTheMostServers) {
  expect_proved_and_right(construct_variant({8, 1024, 4}, Variant::tolerant), {8, 1024, 4}, 1000);
}

// Steps of 1/100 of what is divided by hand again and again: two stages a step are exact.
TEST(ConstructVariant, TakesManyServersThatAreNoPowerOfTwo) {
  for (const DeviceShape& shape :
       {DeviceShape{2, 100, 1}, {4, 100, 2}, {8, 48, 4}, {8, 100, 1}, {8, 250, 4}, {16, 31, 8}}) {
    SCOPED_TRACE(testing::Message() << shape.bits << " bits, " << shape.servers << " servers, K = " << shape.inputs);
    expect_proved_and_right(construct_variant(shape, Variant::tolerant), shape, 1000);
  }
}

TEST(ConstructVariant, StepsInTwoStagesWhereAsked) {
  const DeviceShape level_1{.bits = 4, .servers = 6, .inputs = 2, .role = onn::Role::cascade_level_1};
  for (const DeviceShape& shape : {DeviceShape{8, 4, 4}, {8, 8, 2}, {7, 6, 4}, {9, 4, 5}, level_1}) {
    SCOPED_TRACE(testing::Message() << shape.bits << " bits, " << shape.servers << " servers, K = " << shape.inputs);
    Plan plan = pick_plan(shape, Variant::tolerant);
    const std::size_t layers = construct(shape, plan).network.layers.size();
    plan.two_stage_steps = true;
    const onn::Design design = construct(shape, plan);
    EXPECT_GT(design.network.layers.size(), layers);
    expect_proved_and_right(design, shape, 1000);
    plan.restore_decimals = true;
    expect_proved_and_right(construct(shape, plan), shape, 1000);
  }
  Plan plan = pick_plan({32, 4, 4}, Variant::tolerant);
  plan.two_stage_steps = true;
  EXPECT_THAT(([&] {
                construct({32, 32, 2}, plan);
              }),
              ThrowsMessage<base::InputError>(HasSubstr("steps of two stages on")));
}

// Any device: proved and right, or refused.
RC_GTEST_PROP(ConstructProperty, IsExactWhereProved, ()) {
  const auto role = *rc::gen::element(onn::Role::single, onn::Role::cascade_level_1, onn::Role::cascade_level_2);
  DeviceShape shape = device::arbitrary_shape(/*most_bits=*/10, /*most_servers=*/2, role);
  shape.servers = *rc::gen::inRange(2, role == onn::Role::single ? 20 : 40);
  for (int k = 0; k < shape.inputs; ++k) RC_PRE(shape.last_step(k) < (1 << 21));
  if (role == onn::Role::single && shape.rounding == Rounding::floor) {
    shape.every_rounding = *rc::gen::arbitrary<bool>();
  }
  const auto variant = *rc::gen::element(Variant::tolerant, Variant::shallow, Variant::narrow);
  RC_LOG() << shape.bits << " bits, " << shape.servers << " servers, K = " << shape.inputs << ", "
           << codec::to_string(shape.rounding) << (shape.every_rounding ? " every, " : ", ") << onn::to_string(role)
           << ", variant " << static_cast<int>(variant) << "\n";
  onn::Design design;
  try {
    design = construct_variant(shape, variant);
  } catch (const base::InputError& error) {
    RC_CLASSIFY(true, "refused");
    RC_ASSERT_FALSE(std::string(error.what()).find("layer ") == std::string::npos);
    return;
  }
  const verify::Verification found = verify::verify(device::OnnAverager(design, shape), sample_of(1000));
  RC_ASSERT(found.wrong == 0u);
  RC_ASSERT(found.largest_analog_error() < 0.01);
}

// The aim for 8 bits and 4 servers: at most 1,000 MZIs without P and T, where the paper has 41,664 with approximation.
TEST(ConstructVariant, TakesFewInterferometers) {
  constexpr std::int64_t kPreprocessingAndSplitting = 272;
  for (const Variant variant : {Variant::tolerant, Variant::shallow, Variant::narrow}) {
    EXPECT_LE(construct_variant({8, 4, 4}, variant).area_mzi - kPreprocessingAndSplitting, 1000);
  }
  EXPECT_LT(construct_variant({8, 4, 4}, Variant::shallow).network.layers.size(),
            construct_variant({8, 4, 4}, Variant::tolerant).network.layers.size());
}

// Relative noise 1e-3: 0.9996 of the trained one's inputs stay right, with 41,664 MZIs.
TEST(ConstructVariant, BearsNoise) {
  const DeviceShape shape{8, 4, 4};
  const onn::Design design = construct_variant(shape, Variant::tolerant);
  const verify::NoiseOptions options{.draws = 1, .sample = 8000};
  const std::vector<double> largest = verify::largest_outputs(design.network, shape, options);
  for (const double each : largest) EXPECT_LE(each, 3.0001);
  EXPECT_GE(verify::noise_rate(design.network, shape, largest, 1e-3, options).rate(), 0.9999);
  EXPECT_GE(verify::noise_rate(design.network, shape, largest, 3e-3, options).rate(), 0.99);
}

// Wires that are repeated cost interferometers and bear more noise.
TEST(ConstructVariant, RepeatedWiresBearMore) {
  const DeviceShape shape{8, 4, 4};
  Plan plan = pick_plan(shape, Variant::tolerant);
  const auto rate = [&](const onn::Design& design) {
    const verify::NoiseOptions options{.draws = 1, .sample = 2000};
    const std::vector<double> largest = verify::largest_outputs(design.network, shape, options);
    return verify::noise_rate(design.network, shape, largest, 1e-2, options).rate();
  };
  const onn::Design once = construct(shape, plan);
  plan.inputs.repeat = plan.states.repeat = plan.carries.repeat = 4;
  const onn::Design often = construct(shape, plan);
  EXPECT_GT(often.area_mzi, once.area_mzi);
  EXPECT_GT(rate(often), rate(once) + 0.1);
}

// The network is right; what is said of its wires is not.
TEST(ConstructVariant, ClaimsThatDoNotHoldAreRefused) {
  const DeviceShape level_1{.bits = 4, .servers = 3, .inputs = 2, .role = onn::Role::cascade_level_1};
  // And one of steps in two stages.
  for (const DeviceShape& shape : {DeviceShape{8, 4, 4}, {4, 3, 2}, {8, 6, 2}, level_1, {4, 100, 2}}) {
    const onn::Design design = construct_variant(shape, Variant::tolerant);
    const verify::Stages stages = verify::parse_stages(design.stages);
    const auto refused = [&](std::size_t stage, std::size_t index, const auto& change) {
      verify::Stages changed = stages;
      change(changed[stage][index]);
      EXPECT_NE(verify::prove_by_stage(design.network, shape, changed).refusal, "")
          << shape.bits << " bits, " << shape.servers << " servers, stage " << stage + 1 << ", "
          << in_words(stages[stage][index]);
    };
    for (std::size_t stage = 0; stage < stages.size(); ++stage) {
      for (std::size_t i = 0; i < stages[stage].size(); ++i) {
        refused(stage, i, [](verify::Signal& signal) { signal.constant += 0.6; });
        refused(stage, i, [](verify::Signal& signal) { signal.readings[0].factor *= 3; });
        refused(stage, i, [](verify::Signal& signal) {
          signal.position += 1;
          signal.place += 1;
        });
        refused(stage, i, [](verify::Signal& signal) {
          signal.meaning = signal.meaning == verify::Meaning::carry ? verify::Meaning::state : verify::Meaning::carry;
        });
        if (stages[stage][i].meaning == verify::Meaning::shortfall) {
          for (const int off : {-1, 1}) refused(stage, i, [&](verify::Signal& signal) { signal.threshold += off; });
        }
        if (stages[stage][i].meaning == verify::Meaning::rest) {
          refused(stage, i, [](verify::Signal& signal) { signal.input = signal.input == 0 ? 1 : 0; });
        }
        if (stages[stage][i].meaning != verify::Meaning::digit) continue;
        refused(stage, i, [](verify::Signal& signal) { signal.inputs.pop_back(); });
        refused(stage, i, [](verify::Signal& signal) { signal.carry_in = !signal.carry_in; });
        refused(stage, i, [](verify::Signal& signal) { signal.carry_out = !signal.carry_out; });
      }
    }
  }
}

// Whatever weights are changed: what is proved is right. (Most changes are refused, small ones are not.)
RC_GTEST_PROP(ConstructProperty, ProofAgreesWithEnumeration, ()) {
  const DeviceShape shape = *rc::gen::element(DeviceShape{6, 4, 3}, DeviceShape{4, 3, 2}, DeviceShape{5, 6, 3});
  const auto variant = *rc::gen::element(Variant::tolerant, Variant::shallow, Variant::narrow);
  Plan plan = pick_plan(shape, variant);
  plan.two_stage_steps = *rc::gen::arbitrary<bool>();
  onn::Design design = construct(shape, plan);
  const verify::Stages stages = verify::parse_stages(design.stages);
  const double size = std::pow(10, -*rc::gen::inRange(0, 7));
  for (int change = *rc::gen::inRange(1, 4); change > 0; --change) {
    onn::Layer& layer = design.network.layers[*rc::gen::inRange<std::size_t>(0, design.network.layers.size())];
    const double factor = 0.1 * *rc::gen::inRange(-10, 11);
    if (*rc::gen::arbitrary<bool>()) {
      layer.weight[*rc::gen::inRange<std::size_t>(0, layer.weight.size())] += static_cast<float>(size * factor);
    } else {
      layer.bias[*rc::gen::inRange<std::size_t>(0, layer.bias.size())] += static_cast<float>(size * factor);
    }
  }
  const verify::ByStageProof proof = verify::prove_by_stage(design.network, shape, stages);
  RC_CLASSIFY(proof.proved());
  if (!proof.proved()) return;
  const verify::Verification found = verify::verify(device::OnnAverager(design), {});
  RC_ASSERT(found.wrong == 0u);
  for (std::size_t m = 0; m < found.largest_errors.size(); ++m) {
    RC_ASSERT(found.largest_errors[m] <= proof.largest_errors[m] + 1e-12);
  }
}

}  // namespace
}  // namespace optinc::construct
