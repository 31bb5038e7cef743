#include "optinc/base/random.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace optinc::base {
namespace {

using testing::ElementsAre;

// Known answers published with the Random123 library (kat_vectors, philox4x32 10 rounds).
TEST(Philox, MatchesThePublishedKnownAnswers) {
  EXPECT_THAT(philox4x32({0, 0, 0, 0}, {0, 0}), ElementsAre(0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8));
  EXPECT_THAT(philox4x32({~0u, ~0u, ~0u, ~0u}, {~0u, ~0u}),
              ElementsAre(0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd));
  EXPECT_THAT(philox4x32({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}),
              ElementsAre(0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1));
}

TEST(CounterStream, AWordIsAFunctionOfSeedStreamAndIndexAlone) {
  const CounterStream stream(7, 3);
  const auto block = stream.block(2);
  for (std::uint64_t i = 0; i < 4; ++i) EXPECT_EQ(stream.word(8 + i), block[i]);
  EXPECT_NE(stream.word(0), CounterStream(8, 3).word(0));
  EXPECT_NE(stream.word(0), CounterStream(7, 4).word(0));
}

// Mean of n uniforms: 1/2 with standard deviation 1/sqrt(12 n). 10^6 of them: 2.9e-4; five of those is a chance of
// 6e-7.
TEST(CounterStream, UniformIsUniform) {
  const CounterStream stream(1, 2);
  double sum = 0;
  constexpr int kCount = 1000000;
  for (int i = 0; i < kCount; ++i) sum += stream.uniform(i);
  EXPECT_NEAR(sum / kCount, 0.5, 5 * 2.9e-4);
}

}  // namespace
}  // namespace optinc::base
