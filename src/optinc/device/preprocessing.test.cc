#include "optinc/device/preprocessing.h"

#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "optinc/base/error.h"
#include "optinc/codec/exact_average.h"
#include "optinc/codec/pam4.h"
#include "optinc/device/exact_averager.h"
#include "optinc/device/splitting.h"
#include "optinc/device/testing.h"

namespace optinc::device {
namespace {

using testing::ElementsAre;

std::vector<std::uint8_t> packed(const std::vector<std::uint32_t>& codes, int bits) {
  std::vector<std::uint8_t> bytes(codec::packed_bytes(codes.size(), bits));
  codec::pack_symbols(codes, bits, bytes);
  return bytes;
}

// 8 bits, K = 4: codes 0b11'10'01'00 = 228 and 0b00'01'10'11 = 27, two idle ports fed 128 = 0b10'00'00'00.
// Sums of digits: 3+0+2+2, 2+1, 1+2, 0+3 = 7, 3, 3, 3.
TEST(Preprocessing, AddsTheServersDigitsAndFeedsIdlePortsTheZeroGradient) {
  const DeviceShape shape{8, 4, 4};
  const auto first = packed({228}, 8), second = packed({27}, 8);
  const std::vector<std::span<const std::uint8_t>> servers{first, second};
  std::vector<std::int32_t> steps(4);
  preprocess_steps(shape, servers, 0, 1, codec::RoundingBits(), 0, steps.data());
  EXPECT_THAT(steps, ElementsAre(7, 3, 3, 3));
  std::vector<float> levels(4);
  levels_of_steps(shape, 1, steps.data(), levels.data());
  EXPECT_THAT(levels, ElementsAre(1.75f, 0.75f, 0.75f, 0.75f));
}

TEST(Preprocessing, RefusesMoreServersThanPorts) {
  const auto symbols = packed({1}, 8);
  const std::vector<std::span<const std::uint8_t>> servers(5, symbols);
  std::vector<std::int32_t> steps(4);
  EXPECT_THROW(preprocess_steps({8, 4, 4}, servers, 0, 1, codec::RoundingBits(), 0, steps.data()), base::InputError);
}

// One pass through the whole device, P, exact averager, T, against the oracle that knows only integers.
RC_GTEST_PROP(DeviceProperty, TheDeviceWithTheExactAveragerIsTheOracle, ()) {
  const DeviceShape shape = arbitrary_shape(/*most_bits=*/16, /*most_servers=*/64);
  const auto servers = *rc::gen::inRange(1, shape.servers + 1);
  const auto count = *rc::gen::inRange<std::size_t>(0, 40);
  const auto first = *rc::gen::inRange<std::size_t>(0, count + 1);
  const codec::RoundingBits bits(*rc::gen::arbitrary<std::uint64_t>());
  const auto first_element = *rc::gen::arbitrary<std::uint32_t>();

  std::vector<std::vector<std::uint32_t>> codes;
  std::vector<std::vector<std::uint8_t>> symbols;
  for (int server = 0; server < servers; ++server) {
    codes.push_back(*rc::gen::container<std::vector<std::uint32_t>>(
        count, rc::gen::inRange<std::uint32_t>(0, std::uint32_t{1} << shape.bits)));
    symbols.push_back(packed(codes.back(), shape.bits));
  }
  std::vector<std::uint32_t> expected(count);
  codec::exact_averages(std::vector<std::span<const std::uint32_t>>(codes.begin(), codes.end()), shape.servers,
                        shape.bits, shape.rounding, bits, first_element, expected);

  const std::size_t rest = count - first;
  std::vector<std::int32_t> steps(rest * shape.inputs);
  std::vector<float> inputs(steps.size()), levels(rest * shape.symbols());
  std::vector<std::uint32_t> found(rest);
  preprocess_steps(shape, std::vector<std::span<const std::uint8_t>>(symbols.begin(), symbols.end()), first, rest, bits,
                   first_element, steps.data());
  levels_of_steps(shape, steps.size() / shape.inputs, steps.data(), inputs.data());
  ExactAverager(shape).average(rest, inputs.data(), levels.data());
  receive(shape, rest, levels.data(), found.data());
  RC_ASSERT(found == std::vector<std::uint32_t>(expected.begin() + first, expected.end()));
}

}  // namespace
}  // namespace optinc::device
