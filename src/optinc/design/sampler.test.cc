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

TEST(Sampler, APassHasEveryInputOnceInAnOrderOfItsOwn) {
  Sampler sampler(kShape, 1);
  std::vector<std::uint32_t> first = sampler.next(49);
  std::vector<std::uint32_t> second = sampler.next(49);
  EXPECT_NE(first, second);
  std::sort(first.begin(), first.end());
  std::sort(second.begin(), second.end());
  for (std::uint32_t i = 0; i < 49; ++i) EXPECT_EQ(first[i], i);
  EXPECT_EQ(first, second);
}

TEST(Sampler, BatchesRunOverTheEndOfAPass) {
  Sampler sampler(kShape, 1), whole(kShape, 1);
  std::vector<std::uint32_t> drawn;
  for (int batch = 0; batch < 14; ++batch) {
    const std::vector<std::uint32_t>& part = sampler.next(7);
    drawn.insert(drawn.end(), part.begin(), part.end());
  }
  EXPECT_EQ(drawn, whole.next(98));
}

/// 4 bits, 9 servers: 28^2 = 784 inputs, all quiet but two.
Fares nearly_quiet(std::size_t size) {
  Fares fares(size);
  for (std::size_t i = 0; i < size; ++i) fares.set(i, Fare::quiet);
  fares.set(7, Fare::loud);
  fares.set(9, Fare::wrong);
  return fares;
}

TEST(Sampler, MiningDrawsWhatIsLoudInEveryPassAndOfTheQuietAFew) {
  const device::DeviceShape shape{.bits = 4, .servers = 9, .inputs = 2};
  Sampler sampler(shape, 1);
  sampler.resume(0, nearly_quiet(784).packed());
  EXPECT_EQ(sampler.wrong(), 1u);
  sampler.mine(true);
  std::multiset<std::uint32_t> drawn;
  for (const std::uint32_t input : sampler.next(1400)) drawn.insert(input);
  // A pass has 2 + about 782/64 = 14 inputs: some 100 passes in 1400 draws, each with 7 and 9.
  EXPECT_NEAR(static_cast<double>(drawn.count(7)), 100, 20);
  EXPECT_LE(std::max(drawn.count(7), drawn.count(9)) - std::min(drawn.count(7), drawn.count(9)), 1u);
  EXPECT_GT(std::set<std::uint32_t>(drawn.begin(), drawn.end()).size(), 400u);
}

TEST(Sampler, MiningIsOffWhereNothingIsQuiet) {
  Sampler sampler(kShape, 1), other(kShape, 1);
  sampler.mine(true);
  EXPECT_EQ(sampler.next(49), other.next(49));
}

TEST(Sampler, DrawsAreAFunctionOfSeedPlaceAndFares) {
  Sampler one(kShape, 5), other(kShape, 5);
  one.next(30);
  one.tell(std::vector<Fare>(30, Fare::quiet));
  other.resume(one.place(), one.fares().packed());
  one.mine(true);
  other.mine(true);
  EXPECT_EQ(one.next(100), other.next(100));
}

TEST(Sampler, CountsTheInputsThatWereWrongWhenLastSeen) {
  Sampler sampler(kShape, 1);
  EXPECT_EQ(sampler.wrong(), 49u);
  sampler.next(49);
  sampler.tell(std::vector<Fare>(49, Fare::loud));
  EXPECT_EQ(sampler.wrong(), 0u);
  sampler.tell_wrong({3, 48});
  EXPECT_EQ(sampler.wrong(), 2u);
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
