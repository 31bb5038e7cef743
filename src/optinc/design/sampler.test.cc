#include "optinc/design/sampler.h"

#include <algorithm>
#include <set>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace optinc::design {
namespace {

using testing::ElementsAre;

const device::DeviceShape kShape{.bits = 4, .servers = 2, .inputs = 2};  // 7^2 = 49 inputs

TEST(Sampler, ARoundHasEveryInputOnceInAnOrderOfItsOwn) {
  Sampler sampler(kShape, 1);
  sampler.begin_epoch(1, false);
  std::vector<std::uint32_t> first = sampler.next(49);
  sampler.begin_epoch(2, false);
  std::vector<std::uint32_t> second = sampler.next(49);
  EXPECT_NE(first, second);
  std::sort(first.begin(), first.end());
  std::sort(second.begin(), second.end());
  for (std::uint32_t i = 0; i < 49; ++i) EXPECT_EQ(first[i], i);
  EXPECT_EQ(first, second);
}

TEST(Sampler, MiningDrawsWhatIsLoudInEveryRoundAndOfTheQuietAFew) {
  Sampler sampler(kShape, 1);
  std::vector<Fare> fares(49, Fare::quiet);
  fares[7] = Fare::loud;
  fares[9] = Fare::wrong;
  sampler.resume(fares);
  EXPECT_EQ(sampler.wrong(), 1u);
  sampler.begin_epoch(1, true);
  std::multiset<std::uint32_t> drawn;
  for (const std::uint32_t input : sampler.next(490)) drawn.insert(input);
  // A round has 2 + about 47/4 inputs: some 35 rounds in 490 draws, each with 7 and 9 and a quarter of the others.
  EXPECT_GT(drawn.count(7), 20u);
  EXPECT_LE(std::max(drawn.count(7), drawn.count(9)) - std::min(drawn.count(7), drawn.count(9)), 1u);
  for (std::uint32_t input = 0; input < 49; ++input) {
    EXPECT_GT(drawn.count(input), 0u);
    if (input != 7 && input != 9) {
      EXPECT_LT(drawn.count(input), drawn.count(7));
    }
  }
}

TEST(Sampler, AnEpochIsAFunctionOfSeedNumberAndFares) {
  Sampler one(kShape, 5), other(kShape, 5);
  one.begin_epoch(1, false);
  one.next(30);
  one.tell(std::vector<Fare>(30, Fare::quiet));
  other.resume(one.fares());
  one.begin_epoch(2, true);
  other.begin_epoch(2, true);
  EXPECT_EQ(one.next(100), other.next(100));
}

TEST(Sampler, CountsTheInputsThatWereWrongWhenLastSeen) {
  Sampler sampler(kShape, 1);
  EXPECT_EQ(sampler.wrong(), 49u);
  sampler.begin_epoch(1, false);
  sampler.next(49);
  sampler.tell(std::vector<Fare>(49, Fare::loud));
  EXPECT_EQ(sampler.wrong(), 0u);
}

// 2 servers, 4 bits, K = 2: input number 10 is S = (1, 3); A = (0.5, 1.5); sum 4 * 1 + 3 = 7, floor(7 / 2) = 3 = (0,
// 3).
TEST(MakeSamples, NormalisesLevelsAndGivesTheRightSymbols) {
  Normalisation normalisation(kShape);
  std::vector<float> inputs(2), targets(2);
  make_samples(kShape, normalisation, {10}, inputs.data(), targets.data());
  EXPECT_FLOAT_EQ(inputs[0], static_cast<float>((0.5 - normalisation.input_shift) / normalisation.input_scale));
  EXPECT_FLOAT_EQ(inputs[1], static_cast<float>((1.5 - normalisation.input_shift) / normalisation.input_scale));
  EXPECT_THAT(targets, ElementsAre(0.0f, 3.0f));
}

}  // namespace
}  // namespace optinc::design
