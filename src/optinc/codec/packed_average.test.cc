#include "optinc/codec/packed_average.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "optinc/base/error.h"
#include "optinc/codec/exact_average.h"
#include "optinc/codec/pam4.h"

namespace optinc::codec {
namespace {

using Codes = std::vector<std::uint32_t>;
using Bytes = std::vector<std::uint8_t>;

RC_GTEST_PROP(PackedAverage, IsThatOfTheCodes, ()) {
  const int bits = *rc::gen::weightedOneOf<int>({{3, rc::gen::element(8, 16)}, {1, rc::gen::inRange(2, 33)}});
  const int ports =
      *rc::gen::weightedOneOf<int>({{3, rc::gen::inRange(1, 20)}, {1, rc::gen::element(64, 127, 128, 200)}});
  const int servers = *rc::gen::inRange(1, std::min(ports, 20) + 1);
  const auto count = *rc::gen::inRange<std::size_t>(0, 2500);
  const auto rounding = *rc::gen::element(Rounding::floor, Rounding::nearest, Rounding::nearest_unbiased);
  const auto first_element = *rc::gen::inRange<std::uint64_t>(0, 1 << 20);
  const RoundingBits rounding_bits(*rc::gen::inRange<std::uint64_t>(0, 100));
  const base::CounterStream stream(*rc::gen::inRange<std::uint64_t>(0, 1000), 0);
  const auto top = static_cast<std::uint32_t>((std::uint64_t{1} << bits) - 1);

  std::vector<Codes> codes(servers, Codes(count));
  std::vector<Bytes> packed(servers, Bytes(packed_bytes(count, bits)));
  std::uint64_t index = 0;
  for (int server = 0; server < servers; ++server) {
    for (std::uint32_t& code : codes[server]) {
      const std::uint32_t word = stream.word(index++);
      code = word % 4 == 0 ? top : stream.word(index++) & top;
    }
    pack_symbols(codes[server], bits, packed[server]);
  }
  Codes averages(count);
  exact_averages(std::vector<std::span<const std::uint32_t>>(codes.begin(), codes.end()), ports, bits, rounding,
                 rounding_bits, first_element, averages);
  Bytes expected(packed_bytes(count, bits)), result(expected.size(), 0xAA);
  pack_symbols(averages, bits, expected);
  exact_averages_packed(std::vector<std::span<const std::uint8_t>>(packed.begin(), packed.end()), count, ports, bits,
                        rounding, rounding_bits, first_element, result);
  RC_ASSERT(result == expected);
}

// Every sum that 3, 5, 6, 7, 12, 100, 127 and 128 ports of 8 bits can have: the division by multiplication is exact.
TEST(PackedAverage, EverySumOfEightBitsIsDividedExactly) {
  for (const int ports : {3, 5, 6, 7, 12, 100, 127, 128}) {
    const std::size_t count = 255 * ports + 1;
    std::vector<Bytes> servers(ports, Bytes(count));
    for (std::size_t sum = 0; sum < count; ++sum) {
      for (int server = 0; server < ports; ++server) {
        servers[server][sum] = static_cast<std::uint8_t>((sum + server) / ports);
      }
    }
    Bytes result(count);
    exact_averages_packed(std::vector<std::span<const std::uint8_t>>(servers.begin(), servers.end()), count, ports, 8,
                          Rounding::floor, RoundingBits(), 0, result);
    for (std::size_t sum = 0; sum < count; ++sum) ASSERT_EQ(result[sum], sum / ports) << ports << " ports";
  }
}

TEST(PackedAverage, RefusesWhatDoesNotFit) {
  const Bytes four(4), five(5);
  Bytes room(4);
  const auto message = [&](const std::vector<std::span<const std::uint8_t>>& servers, int ports,
                           int bits) -> std::string {
    try {
      exact_averages_packed(servers, 4, ports, bits, Rounding::floor, RoundingBits(), 0, room);
    } catch (const base::InputError& error) {
      return error.what();
    }
    return "no InputError";
  };
  EXPECT_EQ(message({four}, 4, 1), "bits 1: expected 2 to 32");
  EXPECT_EQ(message({four}, 0, 8), "ports 0: expected at least 1");
  EXPECT_EQ(message({four, four, four}, 2, 8), "symbols of 3 servers: expected 1 to 2, the ports of the device");
  EXPECT_EQ(message({four, five}, 4, 8), "server 1: 5 bytes of symbols: expected 4");
  EXPECT_EQ(message({four}, 4, 16), "server 0: 4 bytes of symbols: expected 8");
  EXPECT_EQ(message({four}, 4, 8), "no InputError");
}

}  // namespace
}  // namespace optinc::codec
