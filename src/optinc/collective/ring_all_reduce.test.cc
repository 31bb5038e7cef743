#include "optinc/collective/ring_all_reduce.h"

#include <cmath>
#include <limits>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "optinc/base/error.h"
#include "optinc/base/random.h"
#include "optinc/collective/thread_transport.h"

namespace optinc::collective {
namespace {

/// Averages inputs[rank] over threads; what each rank holds then, and its statistics.
struct Outcome {
  std::vector<std::vector<float>> values;
  std::vector<AllReduceStats> stats;
};

Outcome average(std::vector<std::vector<float>> inputs, std::size_t segment_bytes) {
  const int ranks = static_cast<int>(inputs.size());
  Outcome outcome{.values = std::move(inputs), .stats = std::vector<AllReduceStats>(ranks)};
  run_ranks(ranks, {}, [&](Transport& transport) {
    RingAllReduce ring(transport, {.segment_bytes = segment_bytes});
    outcome.stats[transport.rank()] = ring.average(outcome.values[transport.rank()], 0);
  });
  return outcome;
}

RC_GTEST_PROP(RingAllReduce, IsTheMeanWithTheSameBitsAtEveryRank, ()) {
  const auto ranks = *rc::gen::element(1, 2, 3, 4, 5, 6);
  const auto count = *rc::gen::inRange<std::size_t>(0, 200);
  const auto segment_bytes = *rc::gen::inRange<std::size_t>(4, 100);
  const base::CounterStream stream(*rc::gen::inRange<std::uint64_t>(0, 1000), 0);
  std::vector<std::vector<float>> inputs(ranks, std::vector<float>(count));
  std::uint64_t index = 0;
  for (auto& values : inputs) {
    for (float& value : values) value = static_cast<float>(stream.uniform(index++) - 0.5);
  }
  const Outcome outcome = average(inputs, segment_bytes);
  std::uint64_t wire_bytes = 0;
  for (int rank = 0; rank < ranks; ++rank) {
    RC_ASSERT(outcome.values[rank] == outcome.values[0]);
    RC_ASSERT(outcome.stats[rank].payload_bytes == 4 * count);
    wire_bytes += outcome.stats[rank].wire_bytes;
  }
  RC_ASSERT(wire_bytes == 2u * (ranks - 1) * 4 * count);
  for (std::size_t i = 0; i < count; ++i) {
    double sum = 0;
    for (const auto& values : inputs) sum += values[i];
    // N - 1 roundings of partial sums below N / 2, and one of the quotient.
    RC_ASSERT(std::abs(outcome.values[0][i] - sum / ranks) <= ranks * 0x1p-24);
  }
}

// Element i of rank r is 12 (r + 1) (i mod 7): the sums are small integers, the mean 6 (N + 1) (i mod 7) is one too.
TEST(RingAllReduce, IsExactForSmallIntegers) {
  for (int ranks = 1; ranks <= 6; ++ranks) {
    std::vector<std::vector<float>> inputs(ranks, std::vector<float>(1001));
    for (int rank = 0; rank < ranks; ++rank) {
      for (std::size_t i = 0; i < 1001; ++i) inputs[rank][i] = 12.0f * (rank + 1) * (i % 7);
    }
    const Outcome outcome = average(std::move(inputs), 64);
    for (std::size_t i = 0; i < 1001; ++i) ASSERT_EQ(outcome.values[ranks - 1][i], 6.0f * (ranks + 1) * (i % 7));
  }
}

TEST(RingAllReduce, PassesNanAndInfinityOn) {
  const float infinity = std::numeric_limits<float>::infinity();
  const Outcome outcome = average({{NAN, 1, infinity}, {1, 1, 1}, {1, 1, 1}}, 1024);
  for (const auto& values : outcome.values) {
    EXPECT_TRUE(std::isnan(values[0]));
    EXPECT_EQ(values[1], 1);
    EXPECT_EQ(values[2], infinity);
  }
}

// 10 floats over 4 ranks: parts of 3, 3, 2, 2. Rank 0 sends parts 3, 2, 1 while reducing, then 0, 3, 2: 14 floats.
// Rank 1 sends 0, 3, 2, then 1, 0, 3: 15 floats.
TEST(RingAllReduce, CountsTheBytesOfItsMessages) {
  const Outcome outcome = average(std::vector<std::vector<float>>(4, std::vector<float>(10)), 1024);
  EXPECT_EQ(outcome.stats[0].wire_bytes, 4 * 14u);
  EXPECT_EQ(outcome.stats[1].wire_bytes, 4 * 15u);
  EXPECT_EQ(outcome.stats[0].non_finite_blocks, 0u);
}

TEST(RingAllReduce, RefusesSegmentsBelowOneFloat) {
  ThreadHub hub(1);
  EXPECT_THROW(RingAllReduce(hub.transport(0), {.segment_bytes = 3}), base::InputError);
}

}  // namespace
}  // namespace optinc::collective
