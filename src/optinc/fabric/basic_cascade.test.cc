#include "optinc/fabric/basic_cascade.h"

#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "optinc/base/error.h"
#include "optinc/codec/exact_average.h"
#include "optinc/device/exact_averager.h"
#include "optinc/fabric/single_device.h"
#include "optinc/fabric/testing.h"

namespace optinc::fabric {
namespace {

const codec::RoundingBits kRoundingBits(1);

std::shared_ptr<const Fabric> exact_device(int bits, int ports, codec::Rounding rounding) {
  return std::make_shared<SingleDevice>(std::make_shared<device::ExactAverager>(device::DeviceShape{
      .bits = bits, .servers = ports, .inputs = codec::symbols_per_code(bits), .rounding = rounding}));
}

// 8 bits, 2 x 2 servers: 0 + 1 and 1 + 2 are 4, of which a quarter is 1. By halves: floor(1/2) = 0, floor(3/2) = 1,
// floor(1/2) = 0.
TEST(BasicCascade, LosesTheDecimalsOfLevel1) {
  const auto device = exact_device(8, 2, codec::Rounding::floor);
  EXPECT_EQ(average(BasicCascade(device, device), {{0}, {1}, {1}, {2}}, 1, kRoundingBits, 0), Bytes{0});
}

RC_GTEST_PROP(BasicCascade, QuantisesTheAverageOfQuantisedAverages, ()) {
  const int bits = *rc::gen::inRange(2, 17), ports = *rc::gen::inRange(2, 5);
  const auto rounding =
      *rc::gen::element(codec::Rounding::floor, codec::Rounding::nearest, codec::Rounding::nearest_unbiased);
  const auto count = *rc::gen::oneOf(rc::gen::inRange<std::size_t>(0, 50), rc::gen::inRange<std::size_t>(1000, 3000));
  const int servers = *rc::gen::inRange(1, ports * ports + 1);
  const auto first_element = *rc::gen::inRange<std::uint64_t>(0, 1000);
  const std::vector<Codes> codes = draw_codes(servers, count, bits, count);

  std::vector<Codes> of_groups;
  for (int first = 0; first < servers; first += ports) {
    const std::vector<Codes> group(codes.begin() + first, codes.begin() + std::min(servers, first + ports));
    codec::exact_averages(spans_of(group), ports, bits, rounding, kRoundingBits, first_element,
                          of_groups.emplace_back(count));
  }
  Codes expected(count);
  codec::exact_averages(spans_of(of_groups), ports, bits, rounding, kRoundingBits, first_element, expected);

  const auto device = exact_device(bits, ports, rounding);
  const BasicCascade cascade(device, device, 2);
  RC_ASSERT(cascade.ports() == ports * ports);
  RC_ASSERT(average(cascade, pack_all(codes, bits), count, kRoundingBits, first_element) == pack(expected, bits));
}

// A level may be a cascade itself: 64 servers on 21 devices of 4 ports, each group of 16 first.
TEST(BasicCascade, HasAsManyLevelsAsAreNested) {
  constexpr int kBits = 8, kPorts = 4;
  constexpr std::size_t kCount = 100;
  const auto rounding = codec::Rounding::nearest;
  const std::vector<Codes> codes = draw_codes(64, kCount, kBits, 3);
  std::vector<Codes> level = codes;
  while (level.size() > 1) {
    std::vector<Codes> averages;
    for (std::size_t first = 0; first < level.size(); first += kPorts) {
      const std::vector<Codes> group(level.begin() + first, level.begin() + first + kPorts);
      codec::exact_averages(spans_of(group), kPorts, kBits, rounding, kRoundingBits, 0, averages.emplace_back(kCount));
    }
    level = std::move(averages);
  }
  const auto device = exact_device(kBits, kPorts, rounding);
  const BasicCascade three(std::make_shared<BasicCascade>(device, device), device);
  EXPECT_EQ(three.ports(), 64);
  EXPECT_EQ(average(three, pack_all(codes, kBits), kCount, kRoundingBits, 0), pack(level.front(), kBits));
}

TEST(BasicCascade, RefusesWhatDoesNotFit) {
  const auto device = exact_device(8, 2, codec::Rounding::floor);
  EXPECT_THROW(BasicCascade(device, nullptr), base::InputError);
  EXPECT_THROW(BasicCascade(device, exact_device(6, 2, codec::Rounding::floor)), base::InputError);
  EXPECT_THROW(BasicCascade(device, device, -1), base::InputError);
}

}  // namespace
}  // namespace optinc::fabric
