#include "optinc/fabric/cascade.h"

#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "optinc/base/error.h"
#include "optinc/codec/exact_average.h"
#include "optinc/device/exact_averager.h"
#include "optinc/device/tabulated_averager.h"
#include "optinc/device/testing.h"
#include "optinc/fabric/testing.h"

namespace optinc::fabric {
namespace {

using device::DeviceShape;
using device::ExactAverager;

const codec::RoundingBits kRoundingBits(1);

DeviceShape level_1_of(DeviceShape level_2) {
  level_2.role = onn::Role::cascade_level_1;
  level_2.rounding = codec::Rounding::floor;
  return level_2;
}

DeviceShape level_2_shape(int bits, int ports, codec::Rounding rounding) {
  return {.bits = bits,
          .servers = ports,
          .inputs = codec::symbols_per_code(bits),
          .rounding = rounding,
          .role = onn::Role::cascade_level_2};
}

Cascade exact_cascade(const DeviceShape& level_2, const CascadeOptions& options) {
  return Cascade(std::make_shared<ExactAverager>(level_1_of(level_2)), std::make_shared<ExactAverager>(level_2),
                 options);
}

RC_GTEST_PROP(Cascade, WithExactAveragersIsTheOracle, ()) {
  const DeviceShape level_2 = device::arbitrary_shape(/*most_bits=*/12, /*most_servers=*/5, onn::Role::cascade_level_2);
  const CascadeMode mode = *rc::gen::element(CascadeMode::snapped, CascadeMode::analog);
  const Cascade cascade = exact_cascade(level_2, {.mode = mode, .threads = 2});
  const auto count = *rc::gen::weightedOneOf<std::size_t>(
      {{4, rc::gen::inRange<std::size_t>(0, 50)}, {1, rc::gen::inRange<std::size_t>(1000, 3000)}});
  const int servers = *rc::gen::inRange(1, cascade.ports() + 1);
  const auto first_element = *rc::gen::inRange<std::uint64_t>(0, 1 << 20);
  const auto seed = *rc::gen::inRange<std::uint64_t>(0, 1000);
  RC_TAG(codec::to_string(level_2.rounding), to_string(mode));

  const std::vector<Codes> codes = draw_codes(servers, count, level_2.bits, seed);
  const codec::RoundingBits rounding_bits(seed);
  Codes expected(count);
  codec::exact_averages(spans_of(codes), cascade.ports(), level_2.bits, level_2.rounding, rounding_bits, first_element,
                        expected);
  RC_ASSERT(average(cascade, pack_all(codes, level_2.bits), count, rounding_bits, first_element) ==
            pack(expected, level_2.bits));
}

/// The exact averager with `error` added to every level.
class Lifted : public device::Averager {
 public:
  Lifted(const DeviceShape& shape, float error) : Averager(shape), exact_(shape), error_(error) {}
  void average(std::size_t count, const float* inputs, float* outputs) const override {
    exact_.average(count, inputs, outputs);
    for (std::size_t i = 0; i < count * shape().symbols(); ++i) outputs[i] += error_;
  }

 private:
  ExactAverager exact_;
  float error_;
};

// 4 bits, 4 ports, 16 servers at code 5 = digits 1, 1. Level 1 says 0.9 and 0.9: the regenerator, with steps of 1 and
// 1/4, takes them for 1 and 1.
TEST(Cascade, SnappedDropsTheErrorsOfLevel1AndAnalogPassesThemOn) {
  const DeviceShape level_2 = level_2_shape(4, 4, codec::Rounding::floor);
  const auto level_1 = std::make_shared<Lifted>(level_1_of(level_2), -0.1f);
  const auto exact = std::make_shared<ExactAverager>(level_2);
  const std::vector<Bytes> symbols(16, pack({5}, 4));
  EXPECT_EQ(average(Cascade(level_1, exact, {.mode = CascadeMode::snapped}), symbols, 1, kRoundingBits, 0),
            pack({5}, 4));
  // Level 2 sees 0.9 and 0.9, to its nearest steps 4/4 and 14/16: 1 * 4 + 0.875 = 4.875.
  EXPECT_EQ(average(Cascade(level_1, exact, {.mode = CascadeMode::analog}), symbols, 1, kRoundingBits, 0),
            pack({4}, 4));
}

// The same with one server: of device 0, three ports are idle, and devices 1 .. 3 are absent. Zero is 8 = digits 2, 0.
// Constant light makes no errors, so level 2's input K is -0.1 / 4: less than half a step of 1/16 below 0. Were the
// absent devices as wrong as device 0, it would be two steps below, and the result 7.
TEST(Cascade, AnAbsentDeviceSaysZeroWithoutError) {
  const DeviceShape level_2 = level_2_shape(4, 4, codec::Rounding::floor);
  const auto level_1 = std::make_shared<Lifted>(level_1_of(level_2), -0.1f);
  const Cascade cascade(level_1, std::make_shared<ExactAverager>(level_2), {.mode = CascadeMode::analog});
  EXPECT_EQ(average(cascade, {pack({8}, 4)}, 1, kRoundingBits, 0), pack({8}, 4));
  EXPECT_EQ(average(cascade, std::vector<Bytes>(13, pack({8}, 4)), 1, kRoundingBits, 0), pack({7}, 4));
}

TEST(Cascade, GivesTheSameBitsForAnyThreadCount) {
  constexpr std::size_t kCount = 10'003;
  const DeviceShape level_2 = level_2_shape(7, 3, codec::Rounding::nearest_unbiased);
  const auto level_1 = std::make_shared<Lifted>(level_1_of(level_2), 0.07f);
  const auto exact = std::make_shared<ExactAverager>(level_2);
  const std::vector<Bytes> symbols = pack_all(draw_codes(8, kCount, 7, 1), 7);
  const auto with = [&](int threads) {
    return average(Cascade(level_1, exact, {.mode = CascadeMode::analog, .threads = threads}), symbols, kCount,
                   kRoundingBits, 17);
  };
  EXPECT_EQ(with(1), with(3));
}

TEST(Cascade, RefusesWhatDoesNotFit) {
  const DeviceShape shape = level_2_shape(4, 2, codec::Rounding::floor);
  const auto level_1 = std::make_shared<ExactAverager>(level_1_of(shape));
  const auto level_2 = std::make_shared<ExactAverager>(shape);
  const auto message = [](auto... arguments) -> std::string {
    try {
      Cascade cascade(arguments...);
    } catch (const base::InputError& error) {
      return error.what();
    }
    return "no InputError";
  };
  EXPECT_EQ(message(level_1, level_2), "no InputError");
  EXPECT_EQ(message(nullptr, level_2), "a cascade without an averager of role cascade-level-1");
  EXPECT_EQ(message(level_2, level_2), "a design for cascade-level-2 in a cascade: expected role cascade-level-1");
  const auto wider = std::make_shared<ExactAverager>(level_1_of(level_2_shape(4, 3, codec::Rounding::floor)));
  EXPECT_EQ(message(wider, level_2), "a cascade of 4 bits, 3 ports below 4 bits, 2 ports: expected the same");
  const auto table = std::make_shared<device::TabulatedAverager>(*level_2, 1);
  EXPECT_EQ(message(level_1, table), "no InputError");
  EXPECT_THAT(message(level_1, table, CascadeOptions{.mode = CascadeMode::analog}), testing::HasSubstr("a table"));
  EXPECT_THROW(average(Cascade(level_1, level_2), std::vector<Bytes>(5, Bytes{0}), 1, kRoundingBits, 0),
               base::InputError);
}

TEST(CascadeMode, HasNames) {
  EXPECT_EQ(parse_cascade_mode("analog"), CascadeMode::analog);
  EXPECT_EQ(parse_cascade_mode(to_string(CascadeMode::snapped)), CascadeMode::snapped);
  EXPECT_THROW(parse_cascade_mode("digital"), base::InputError);
}

}  // namespace
}  // namespace optinc::fabric
