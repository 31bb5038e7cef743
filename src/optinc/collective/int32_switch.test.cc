#include "optinc/collective/int32_switch.h"

#include <cmath>
#include <limits>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "optinc/base/error.h"
#include "optinc/base/random.h"
#include "optinc/collective/in_network_all_reduce.h"
#include "optinc/collective/thread_transport.h"

namespace optinc::collective {
namespace {

using Floats = std::vector<float>;

std::vector<Floats> average(std::vector<Floats> values, std::size_t block) {
  const int ranks = static_cast<int>(values.size());
  const Int32Switch network(ranks, block);
  run_ranks(ranks, {}, [&](Transport& transport) {
    InNetworkAllReduce(transport, network, {.chunk = 256, .grain = 4}).average(values[transport.rank()], 0);
  });
  return values;
}

// q = round(x / step) with step = 2^(E - 126) / 2^(B-1), E the block's exponent field: every |x| of the block is below
// 2^(E - 126), so a value is off by at most half of 2^-(B-1) of that, and so is the average.
RC_GTEST_PROP(Int32Switch, IsTheMeanToHalfAStepOfTheBlock, ()) {
  const int ranks = *rc::gen::inRange(1, 8);
  const auto block = *rc::gen::inRange<std::size_t>(1, 300);
  const auto count = *rc::gen::inRange<std::size_t>(0, 1000);
  const base::CounterStream stream(*rc::gen::inRange<std::uint64_t>(0, 1000), 0);
  std::vector<Floats> inputs(ranks, Floats(count));
  std::uint64_t index = 0;
  for (Floats& values : inputs) {
    for (float& value : values) value = static_cast<float>(stream.uniform(index++) - 0.5);
  }
  const std::vector<Floats> results = average(inputs, block);
  const int bits = Int32Switch(ranks).quantiser().bits;
  for (std::size_t i = 0; i < count; ++i) {
    double sum = 0;
    for (const Floats& values : inputs) sum += values[i];
    RC_ASSERT(std::abs(results[0][i] - sum / ranks) <= std::ldexp(1.0, -bits) + 0x1p-25);
    for (const Floats& values : results) RC_ASSERT(values[i] == results[0][i]);
  }
}

TEST(Int32Switch, SmallIntegersAreExact) {
  const std::vector<Floats> results = average({{1, 2, -3, 100}, {2, 4, -6, 100}, {6, 3, 0, 100}, {3, 3, 1, 100}}, 4);
  EXPECT_EQ(results[2], (Floats{3, 3, -2, 100}));
}

// The largest that four servers can send fills 32 bits all but: no overflow.
TEST(Int32Switch, TheLargestValuesDoNotOverflow) {
  const float largest = std::nextafter(2.0f, 0.0f);
  const std::vector<Floats> results = average(std::vector<Floats>(4, Floats(8, largest)), 4);
  EXPECT_EQ(results[0], Floats(8, largest));
}

TEST(Int32Switch, ANanOrInfinityIsSeenAndZerosAndTinyBlocksHaveAScale) {
  const float tiny = std::numeric_limits<float>::min();
  const std::vector<Floats> results =
      average({{NAN, 1, 0, 0, tiny, -tiny}, {1, 1, 0, 0, tiny, tiny}, {1, 1, 0, 0, tiny, 0}}, 2);
  EXPECT_TRUE(std::isnan(results[1][0]));
  EXPECT_TRUE(std::isnan(results[1][1]));
  EXPECT_EQ(results[1][2], 0);
  EXPECT_EQ(results[1][4], tiny);
  EXPECT_EQ(results[1][5], 0);
}

TEST(Int32Switch, CountsFourBytesAnElementAndOneAScale) {
  const Int32Switch network(4);
  run_ranks(4, {}, [&](Transport& transport) {
    Floats values(1000);
    const AllReduceStats stats = InNetworkAllReduce(transport, network).average(values, 0);
    EXPECT_EQ(stats.wire_bytes, 4004u);
    EXPECT_EQ(stats.rounds, 2);
  });
}

TEST(Int32Switch, RefusesWhatCanNotBe) {
  EXPECT_THROW(Int32Switch(0), base::InputError);
  EXPECT_THROW(Int32Switch(65537), base::InputError);
  EXPECT_THROW(Int32Switch(4, 0), base::InputError);
}

}  // namespace
}  // namespace optinc::collective
