#include "optinc/fabric/single_device.h"

#include <algorithm>
#include <functional>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "optinc/base/error.h"
#include "optinc/codec/exact_average.h"
#include "optinc/device/exact_averager.h"
#include "optinc/fabric/testing.h"

namespace optinc::fabric {
namespace {

const codec::RoundingBits kRoundingBits(1);

/// Shapes whose S_k stay below 2^22: A_k = S_k / N then says S_k exactly in float32.
device::DeviceShape draw_shape() {
  const int bits = *rc::gen::weightedOneOf<int>({{4, rc::gen::inRange(2, 17)}, {1, rc::gen::inRange(17, 33)}});
  const int servers = *rc::gen::weightedOneOf<int>({{3, rc::gen::inRange(2, 9)}, {1, rc::gen::inRange(9, 65)}});
  const auto rounding =
      *rc::gen::element(codec::Rounding::floor, codec::Rounding::nearest, codec::Rounding::nearest_unbiased);
  std::vector<device::DeviceShape> shapes;
  for (int inputs = 1; inputs <= (bits + 1) / 2; ++inputs) {
    const device::DeviceShape shape{.bits = bits, .servers = servers, .inputs = inputs, .rounding = rounding};
    if (shape.bits_of_input(0) < 1) continue;
    const int widest = std::max(shape.bits_of_input(0), 2 * shape.symbols_per_input() * (inputs > 1));
    if (((std::int64_t{1} << widest) + 1) * servers < (1 << 22)) shapes.push_back(shape);
  }
  return *rc::gen::elementOf(shapes);
}

RC_GTEST_PROP(SingleDevice, WithAnExactAveragerIsTheOracle, ()) {
  const device::DeviceShape shape = draw_shape();
  const auto count = *rc::gen::weightedOneOf<std::size_t>(
      {{4, rc::gen::inRange<std::size_t>(0, 100)}, {1, rc::gen::inRange<std::size_t>(1000, 5000)}});
  const int servers = *rc::gen::inRange(1, shape.servers + 1);
  const auto first_element = *rc::gen::inRange<std::uint64_t>(0, 1 << 20);
  const auto seed = *rc::gen::inRange<std::uint64_t>(0, 1000);
  RC_TAG(codec::to_string(shape.rounding));

  const std::vector<Codes> codes = draw_codes(servers, count, shape.bits, seed);
  const codec::RoundingBits rounding_bits(seed);
  Codes expected(count);
  codec::exact_averages(spans_of(codes), shape.servers, shape.bits, shape.rounding, rounding_bits, first_element,
                        expected);

  const SingleDevice device(std::make_shared<device::ExactAverager>(shape), {.threads = 2});
  RC_ASSERT(average(device, pack_all(codes, shape.bits), count, rounding_bits, first_element) ==
            pack(expected, shape.bits));
}

// 8 bit, 4 ports, 2 servers with 3 and 4 above zero, idle ports at zero: floor((3 + 4) / 4) = 1, nearest 2.
TEST(SingleDevice, FeedsIdlePortsTheZeroGradient) {
  const std::vector<Bytes> symbols = {{128 + 3}, {128 + 4}};
  const device::DeviceShape floor{.bits = 8, .servers = 4, .inputs = 4};
  device::DeviceShape nearest = floor;
  nearest.rounding = codec::Rounding::nearest;
  EXPECT_EQ(average(SingleDevice(std::make_shared<device::ExactAverager>(floor)), symbols, 1, kRoundingBits, 0),
            Bytes{128 + 1});
  EXPECT_EQ(average(SingleDevice(std::make_shared<device::ExactAverager>(nearest)), symbols, 1, kRoundingBits, 0),
            Bytes{128 + 2});
}

/// An averager whose level depends on the input in a way that no integer arithmetic hides.
class Blurred : public device::Averager {
 public:
  explicit Blurred(const device::DeviceShape& shape) : Averager(shape) {}
  void average(std::size_t count, const float* inputs, float* outputs) const override {
    for (std::size_t i = 0; i < count * shape().inputs; ++i) outputs[i] = inputs[i] * 1.07f - 0.1f;
  }
};

TEST(SingleDevice, GivesTheSameBitsForAnyThreadCount) {
  constexpr std::size_t kCount = 20'003;
  const auto averager = std::make_shared<Blurred>(
      device::DeviceShape{.bits = 7, .servers = 5, .inputs = 4, .rounding = codec::Rounding::nearest_unbiased});
  const std::vector<Bytes> symbols = pack_all(draw_codes(5, kCount, 7, 1), 7);
  const Bytes one = average(SingleDevice(averager, {.threads = 1}), symbols, kCount, kRoundingBits, 17);
  EXPECT_EQ(one, average(SingleDevice(averager, {.threads = 3}), symbols, kCount, kRoundingBits, 17));
  EXPECT_EQ(one, average(SingleDevice(averager, {.threads = 0}), symbols, kCount, kRoundingBits, 17));
}

std::string message_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const base::InputError& error) {
    return error.what();
  }
  return "no InputError";
}

TEST(SingleDevice, RefusesWhatDoesNotFit) {
  const SingleDevice device(
      std::make_shared<device::ExactAverager>(device::DeviceShape{.bits = 8, .servers = 4, .inputs = 4}));
  EXPECT_EQ(message_of([&] { average(device, std::vector<Bytes>(5, Bytes{128}), 1, kRoundingBits, 0); }),
            "5 servers on 4 ports: expected 1 .. 4");
  EXPECT_EQ(message_of([&] { average(device, {}, 1, kRoundingBits, 0); }), "0 servers on 4 ports: expected 1 .. 4");
  EXPECT_EQ(message_of([&] {
              average(device, {{128}, {128, 128}}, 1, kRoundingBits, 0);
            }),
            "server 1 sends 2 bytes: 1 elements of 8 bits take 1");
  EXPECT_THAT(message_of([&] { SingleDevice(nullptr); }), testing::HasSubstr("without an averager"));
}

}  // namespace
}  // namespace optinc::fabric
