#include "optinc/fabric/integer_fabric.h"

#include <memory>
#include <string>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "optinc/base/error.h"
#include "optinc/codec/pam4.h"
#include "optinc/device/exact_averager.h"
#include "optinc/fabric/cascade.h"
#include "optinc/fabric/design_fabric.h"
#include "optinc/fabric/testing.h"

namespace optinc::fabric {
namespace {

/// Codes of 4 servers of 8 bits that make every input of the device: of each digit, every sum 0 .. 12.
std::vector<Codes> every_input() {
  std::vector<Codes> servers(4);
  for (int input = 0; input < 28'561; ++input) {
    std::uint32_t codes[4] = {};
    for (int digit = 0, rest = input; digit < 4; ++digit, rest /= 13) {
      const int sum = rest % 13;
      for (int server = 0; server < 4; ++server) codes[server] = 4 * codes[server] + (sum + server) / 4;
    }
    for (int server = 0; server < 4; ++server) servers[server].push_back(codes[server]);
  }
  return servers;
}

// The proof that integers may stand for a shipped design: on every input the trained network can see, table or network.
TEST(IntegerFabric, GivesWhatAVerifiedDesignGivesOnEveryInput) {
  for (const auto* file : {"designs/b8-n4.safetensors", "designs/b8-n4-nearest.safetensors"}) {
    const onn::Design design = onn::load_design(file);
    const IntegerFabric integers(4, 8, design.rounding);
    const std::vector<Bytes> packed = pack_all(every_input(), 8);
    const std::size_t count = packed[0].size();
    const Bytes expected = average(integers, packed, count, codec::RoundingBits(), 0);
    for (const Evaluation evaluation : {Evaluation::onn, Evaluation::every_symbol}) {
      const DesignFabric onn = make_fabric(design, evaluation);
      EXPECT_EQ(onn.tabulated, evaluation == Evaluation::onn);
      EXPECT_EQ(average(*onn.fabric, packed, count, codec::RoundingBits(), 0), expected) << file;
    }
    EXPECT_EQ(make_fabric(design, Evaluation::automatic).evaluation, Evaluation::integer);
  }
}

TEST(IntegerFabric, GivesWhatAVerifiedDesignGivesWithIdlePorts) {
  const onn::Design design = onn::load_design("designs/b8-n4.safetensors");
  const IntegerFabric integers(4, 8, design.rounding);
  const DesignFabric onn = make_fabric(design, Evaluation::onn);
  for (int servers = 1; servers <= 4; ++servers) {
    const std::vector<Bytes> packed = pack_all(draw_codes(servers, 5000, 8, servers), 8);
    EXPECT_EQ(average(integers, packed, 5000, codec::RoundingBits(), 0),
              average(*onn.fabric, packed, 5000, codec::RoundingBits(), 0));
  }
}

TEST(IntegerFabric, GivesWhatASnappedCascadeGives) {
  for (const auto rounding : {codec::Rounding::floor, codec::Rounding::nearest, codec::Rounding::nearest_unbiased}) {
    const Cascade cascade(
        std::make_shared<device::ExactAverager>(device::DeviceShape{.role = onn::Role::cascade_level_1}),
        std::make_shared<device::ExactAverager>(
            device::DeviceShape{.rounding = rounding, .role = onn::Role::cascade_level_2}));
    const IntegerFabric integers(16, 8, rounding);
    for (const int servers : {1, 5, 16}) {
      const std::vector<Bytes> packed = pack_all(draw_codes(servers, 3000, 8, servers), 8);
      EXPECT_EQ(average(integers, packed, 3000, codec::RoundingBits(7), 100),
                average(cascade, packed, 3000, codec::RoundingBits(7), 100));
    }
  }
}

// A design that says of itself that it was wrong on some input is evaluated.
TEST(IntegerFabric, IsNotTakenForADesignThatIsNotExact) {
  onn::Design design = onn::load_design("designs/b8-n4.safetensors");
  design.wrong = 1;
  EXPECT_EQ(make_fabric(design, Evaluation::automatic).evaluation, Evaluation::onn);
}

TEST(IntegerFabric, DoesNotDependOnThreads) {
  const std::vector<Bytes> packed = pack_all(draw_codes(4, 200'001, 7, 1), 7);
  const Bytes one =
      average(IntegerFabric(4, 7, codec::Rounding::nearest_unbiased), packed, 200'001, codec::RoundingBits(3), 5);
  EXPECT_EQ(
      average(IntegerFabric(4, 7, codec::Rounding::nearest_unbiased, 3), packed, 200'001, codec::RoundingBits(3), 5),
      one);
}

TEST(IntegerFabric, RefusesWhatCanNotBe) {
  EXPECT_THROW(IntegerFabric(0, 8, codec::Rounding::floor), base::InputError);
  EXPECT_THROW(IntegerFabric(4, 1, codec::Rounding::floor), base::InputError);
  EXPECT_THROW(IntegerFabric(4, 8, codec::Rounding::floor, -1), base::InputError);
  EXPECT_THROW(parse_evaluation("guess"), base::InputError);
}

}  // namespace
}  // namespace optinc::fabric
