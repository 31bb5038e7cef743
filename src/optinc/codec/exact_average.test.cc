#include "optinc/codec/exact_average.h"

#include <cmath>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "optinc/base/error.h"
#include "optinc/base/random.h"
#include "optinc/codec/pam4.h"

namespace optinc::codec {
namespace {

using testing::ElementsAre;
__extension__ using BigInteger = __int128;
using Codes = std::vector<std::uint32_t>;

Codes averages_of(const std::vector<Codes>& servers, int ports, int bits, Rounding rounding,
                  const RoundingBits& rounding_bits, std::uint64_t first_element = 0) {
  const std::vector<std::span<const std::uint32_t>> spans(servers.begin(), servers.end());
  Codes averages(servers.front().size());
  exact_averages(spans, ports, bits, rounding, rounding_bits, first_element, averages);
  return averages;
}

// Sums 9, 10 and 11 over 4 ports: 2.25, 2.5, 2.75. Constant light of 0 (floor), 2 (nearest), and 1 or 2 of a quarter
// (nearest-unbiased, by the bit): only the tie, 2.5, depends on the bit.
TEST(ExactAverage, RoundsByTheThreeModes) {
  const auto averages = [](Rounding rounding, int bit) {
    return Codes{exact_average(9, 4, rounding, bit), exact_average(10, 4, rounding, bit),
                 exact_average(11, 4, rounding, bit)};
  };
  EXPECT_THAT(averages(Rounding::floor, 0), ElementsAre(2, 2, 2));
  EXPECT_THAT(averages(Rounding::floor, 1), ElementsAre(2, 2, 2));
  EXPECT_THAT(averages(Rounding::nearest, 0), ElementsAre(2, 3, 3));
  EXPECT_THAT(averages(Rounding::nearest, 1), ElementsAre(2, 3, 3));
  EXPECT_THAT(averages(Rounding::nearest_unbiased, 0), ElementsAre(2, 2, 3));
  EXPECT_THAT(averages(Rounding::nearest_unbiased, 1), ElementsAre(2, 3, 3));
}

// 8 bits, 4 ports, 3 servers with 100, 110, 121: the idle port sends 128, so (100 + 110 + 121 + 128) / 4 = 114.75.
TEST(ExactAverage, AnIdlePortCountsAsAZeroGradient) {
  EXPECT_THAT(averages_of({{100}, {110}, {121}}, 4, 8, Rounding::floor, RoundingBits(1)), ElementsAre(114));
  EXPECT_THAT(averages_of({{100}, {110}, {121}}, 4, 8, Rounding::nearest, RoundingBits(1)), ElementsAre(115));
}

TEST(ExactAverage, SumsOf32BitCodesDoNotOverflow) {
  const std::vector<Codes> servers(64, Codes{0xFFFFFFFF});
  for (const Rounding rounding : {Rounding::floor, Rounding::nearest, Rounding::nearest_unbiased}) {
    EXPECT_THAT(averages_of(servers, 64, 32, rounding, RoundingBits(1)), ElementsAre(0xFFFFFFFF));
  }
}

TEST(ExactAverage, NoElementsGiveNoAverages) {
  EXPECT_THAT(averages_of({{}, {}}, 2, 8, Rounding::nearest_unbiased, RoundingBits(1)), ElementsAre());
}

TEST(ExactAverage, RefusesServersWithoutAPortAndUnequalLengths) {
  const auto message = [](const std::vector<Codes>& servers, int ports, int bits) -> std::string {
    try {
      averages_of(servers, ports, bits, Rounding::floor, RoundingBits(1));
    } catch (const base::InputError& error) {
      return error.what();
    }
    return "accepted";
  };
  EXPECT_EQ(message({{1}, {2}, {3}}, 2, 8), "codes of 3 servers: expected 1 to 2, the ports of the device");
  EXPECT_EQ(message({{1}, {2, 3}}, 2, 8), "server 1: 2 codes: expected 1");
  EXPECT_EQ(message({{1}}, 1, 33), "bits 33: expected 2 to 32");
  EXPECT_EQ(message({{1}}, 0, 8), "ports 0: expected at least 1");
  Codes averages;
  EXPECT_THROW(exact_averages({}, 2, 8, Rounding::floor, RoundingBits(1), 0, averages), base::InputError);
}

// The definition, without a division: the only G with N G <= S + c < N (G + 1), S over all N ports, c the constant
// light.
RC_GTEST_PROP(ExactAverage, IsTheIntegerThatTheDefinitionNames, ()) {
  const int ports = *rc::gen::inRange(1, 66);
  const int servers = *rc::gen::inRange(1, ports + 1);
  const int bits = *rc::gen::inRange(kMinBits, kMaxBits + 1);
  const auto count = *rc::gen::inRange<std::size_t>(0, 1200);
  const auto rounding = *rc::gen::element(Rounding::floor, Rounding::nearest, Rounding::nearest_unbiased);
  const auto seed = *rc::gen::arbitrary<std::uint64_t>();
  const auto first_element = *rc::gen::arbitrary<std::uint64_t>();
  const RoundingBits rounding_bits(seed);
  std::vector<Codes> codes(servers, Codes(count));
  for (int server = 0; server < servers; ++server) {
    const base::CounterStream stream(seed, server);
    for (std::size_t n = 0; n < count; ++n) codes[server][n] = stream.word(n) >> (32 - bits);
  }
  const Codes averages = averages_of(codes, ports, bits, rounding, rounding_bits, first_element);
  for (std::size_t n = 0; n < count; ++n) {
    BigInteger light = 0;
    for (const Codes& server : codes) light += server[n];
    light += BigInteger(ports - servers) << (bits - 1);
    if (rounding == Rounding::nearest) light += ports / 2;
    if (rounding == Rounding::nearest_unbiased) light += (ports - 1 + rounding_bits.bit(first_element + n)) / 2;
    RC_ASSERT(BigInteger(averages[n]) * ports <= light);
    RC_ASSERT(light < BigInteger(averages[n] + BigInteger(1)) * ports);
  }
}

// Bias = mean of (G - S/N) over the residues S mod N, each as likely. In N * N * bias, an integer: floor -N (N-1) / 2;
// nearest N / 2 for even N, 0 for odd; nearest-unbiased, over both bits, 0.
TEST(ExactAverage, BiasOverAllResiduesIsThatOfTheDefinition) {
  const auto bias = [](int ports, Rounding rounding, int bit) {
    std::int64_t total = 0;
    for (std::int64_t sum = 100 * ports; sum < 101 * ports; ++sum) {
      total += std::int64_t{exact_average(sum, ports, rounding, bit)} * ports - sum;
    }
    return total;
  };
  for (int ports = 1; ports <= 65; ++ports) {
    EXPECT_EQ(bias(ports, Rounding::floor, 0), -ports * (ports - 1) / 2) << ports;
    EXPECT_EQ(bias(ports, Rounding::nearest, 0), ports % 2 == 0 ? ports / 2 : 0) << ports;
    EXPECT_EQ(bias(ports, Rounding::nearest_unbiased, 0) + bias(ports, Rounding::nearest_unbiased, 1), 0) << ports;
  }
}

// n sums uniform over residues mod 4: the error G - S/4 is 0, -1/4, +1/4 or a tie of +-1/2, its variance (0 + 1/16 +
// 1/16 + 1/4) / 4 = 3/32. The mean of n = 10^5 has standard deviation sqrt(3/32 / n) = 9.7e-4; five of them is a chance
// of 6e-7.
TEST(ExactAverage, NearestUnbiasedHasNoBiasWithItsOwnBits) {
  constexpr std::size_t kCount = 100000;
  const base::CounterStream stream(3, 1);
  std::vector<Codes> servers(4, Codes(kCount));
  for (std::size_t n = 0; n < kCount; ++n) {
    for (std::size_t server = 0; server < 4; ++server) servers[server][n] = stream.word(4 * n + server) >> 24;
  }
  const Codes averages = averages_of(servers, 4, 8, Rounding::nearest_unbiased, RoundingBits(5), 17);
  double error = 0;
  for (std::size_t n = 0; n < kCount; ++n) {
    error += averages[n] - (servers[0][n] + servers[1][n] + servers[2][n] + servers[3][n]) / 4.0;
  }
  EXPECT_NEAR(error / kCount, 0, 5 * std::sqrt(3.0 / 32 / kCount));
}

}  // namespace
}  // namespace optinc::codec
