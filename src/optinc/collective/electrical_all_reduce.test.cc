#include "optinc/collective/electrical_all_reduce.h"

#include <cmath>
#include <cstring>
#include <functional>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "optinc/base/error.h"
#include "optinc/base/random.h"
#include "optinc/collective/thread_transport.h"

namespace optinc::collective {
namespace {

std::unique_ptr<AllReduce> make(const std::string& name, Transport& transport, const ElectricalOptions& options) {
  for (const Electrical algorithm : kElectrical) {
    if (to_string(algorithm) == name) return make_all_reduce(algorithm, transport, options);
  }
  return nullptr;
}

/// Averages inputs[rank] over threads; what each rank holds then, and its statistics.
struct Outcome {
  std::vector<std::vector<float>> values;
  std::vector<AllReduceStats> stats;
};

Outcome average(const std::string& name, std::vector<std::vector<float>> inputs, std::size_t segment_bytes) {
  const int ranks = static_cast<int>(inputs.size());
  Outcome outcome{.values = std::move(inputs), .stats = std::vector<AllReduceStats>(ranks)};
  run_ranks(ranks, {}, [&](Transport& transport) {
    const auto algorithm = make(name, transport, {.segment_bytes = segment_bytes});
    outcome.stats[transport.rank()] = algorithm->average(outcome.values[transport.rank()], 0);
  });
  return outcome;
}

class ElectricalAllReduce : public testing::TestWithParam<std::string> {};
INSTANTIATE_TEST_SUITE_P(Every, ElectricalAllReduce, testing::Values("ring", "rabenseifner", "tree"),
                         [](const auto& each) { return each.param; });

TEST_P(ElectricalAllReduce, IsTheMeanWithTheSameBitsAtEveryRank) {
  rc::check([name = GetParam()] {
    const auto ranks = *rc::gen::inRange(1, 10);
    const auto count = *rc::gen::inRange<std::size_t>(0, 200);
    const auto segment_bytes = *rc::gen::inRange<std::size_t>(4, 100);
    const base::CounterStream stream(*rc::gen::inRange<std::uint64_t>(0, 1000), 0);
    std::vector<std::vector<float>> inputs(ranks, std::vector<float>(count));
    std::uint64_t index = 0;
    for (auto& values : inputs) {
      for (float& value : values) value = static_cast<float>(stream.uniform(index++) - 0.5);
    }
    const Outcome outcome = average(name, inputs, segment_bytes);
    std::uint64_t wire_bytes = 0;
    for (int rank = 0; rank < ranks; ++rank) {
      RC_ASSERT(outcome.values[rank] == outcome.values[0]);
      RC_ASSERT(outcome.stats[rank].payload_bytes == 4 * count);
      RC_ASSERT(outcome.stats[rank].servers == ranks);
      wire_bytes += outcome.stats[rank].wire_bytes;
    }
    // Every tensor is sent N - 1 times its length to be summed, and the sum as often, whatever the algorithm.
    RC_ASSERT(wire_bytes == 2u * (ranks - 1) * 4 * count);
    for (std::size_t i = 0; i < count; ++i) {
      double sum = 0;
      for (const auto& values : inputs) sum += values[i];
      // N - 1 roundings of partial sums below N / 2, and one of the quotient.
      RC_ASSERT(std::abs(outcome.values[0][i] - sum / ranks) <= ranks * 0x1p-24);
    }
  });
}

// Element i of rank r is r + 1 + i mod 7, exact in every type: the sums are small integers.
TEST_P(ElectricalAllReduce, SumsSmallIntegersExactlyInEveryTypeInPlaceAndOutOfPlace) {
  using codec::ElementType;
  for (const auto type : {ElementType::float32, ElementType::float16, ElementType::bfloat16}) {
    for (const int ranks : {1, 2, 3, 4, 7}) {
      for (const bool in_place : {true, false}) {
        constexpr std::size_t kCount = 1001;
        const std::size_t bytes = kCount * codec::element_bytes(type);
        run_ranks(ranks, {}, [&](Transport& transport) {
          std::vector<float> values(kCount);
          for (std::size_t i = 0; i < kCount; ++i) values[i] = static_cast<float>(transport.rank() + 1 + i % 7);
          std::vector<std::byte> input(bytes), output(bytes);
          codec::from_float(values, type, codec::Overflow::to_infinity, input.data());
          const std::vector<std::byte> before = input;
          std::byte* const into = in_place ? input.data() : output.data();
          make(GetParam(), transport, {.segment_bytes = 64})
              ->all_reduce({.type = type, .count = kCount, .input = input.data(), .output = into},
                           {.op = ReduceOp::sum});
          codec::to_float(type, into, values);
          for (std::size_t i = 0; i < kCount; ++i) {
            ASSERT_EQ(values[i], static_cast<float>(ranks * (ranks + 1) / 2 + ranks * static_cast<int>(i % 7)));
          }
          if (!in_place) {
            EXPECT_EQ(input, before);
          }
        });
      }
    }
  }
}

TEST_P(ElectricalAllReduce, PassesNanAndInfinityOn) {
  const float infinity = std::numeric_limits<float>::infinity();
  const Outcome outcome = average(GetParam(), {{NAN, 1, infinity}, {1, 1, 1}, {1, 1, 1}}, 1024);
  for (const auto& values : outcome.values) {
    EXPECT_TRUE(std::isnan(values[0]));
    EXPECT_EQ(values[1], 1);
    EXPECT_EQ(values[2], infinity);
  }
}

// 10 floats over 4 ranks: parts of 3, 3, 2, 2. Rank 0 sends parts 3, 2, 1 while reducing, then 0, 3, 2: 14 floats.
// Rank 1 sends 0, 3, 2, then 1, 0, 3: 15 floats.
TEST(RingAllReduce, CountsTheBytesOfItsMessages) {
  const Outcome outcome = average("ring", std::vector<std::vector<float>>(4, std::vector<float>(10)), 1024);
  EXPECT_EQ(outcome.stats[0].wire_bytes, 4 * 14u);
  EXPECT_EQ(outcome.stats[1].wire_bytes, 4 * 15u);
  EXPECT_EQ(outcome.stats[0].rounds, 6);
  EXPECT_EQ(outcome.stats[0].non_finite_blocks, 0u);
}

// 8 floats over 4 ranks: half to the partner, then a quarter, and back: 4 + 2 + 2 + 4 floats in 4 rounds. Of 5 ranks,
// rank 1 gives its 8 floats to rank 0 and gets the result from it.
TEST(RabenseifnerAllReduce, CountsTheBytesOfItsMessages) {
  const Outcome of_4 = average("rabenseifner", std::vector<std::vector<float>>(4, std::vector<float>(8)), 1024);
  const Outcome of_5 = average("rabenseifner", std::vector<std::vector<float>>(5, std::vector<float>(8)), 1024);
  EXPECT_EQ(of_4.stats[3].wire_bytes, 4 * 12u);
  EXPECT_EQ(of_4.stats[3].rounds, 4);
  EXPECT_EQ(of_5.stats[0].wire_bytes, 4 * 20u);
  EXPECT_EQ(of_5.stats[1].wire_bytes, 4 * 8u);
  EXPECT_EQ(of_5.stats[4].rounds, 6);
}

// 4 ranks: 3 to 2, 1 and 2 to 0; then 0 to 1 and 2, 2 to 3.
TEST(TreeAllReduce, CountsTheBytesOfItsMessages) {
  const Outcome outcome = average("tree", std::vector<std::vector<float>>(4, std::vector<float>(10)), 1024);
  EXPECT_EQ(outcome.stats[0].wire_bytes, 2 * 40u);
  EXPECT_EQ(outcome.stats[2].wire_bytes, 2 * 40u);
  EXPECT_EQ(outcome.stats[3].wire_bytes, 40u);
  EXPECT_EQ(outcome.stats[3].rounds, 4);
}

TEST_P(ElectricalAllReduce, RefusesSegmentsBelowOneFloat) {
  ThreadHub hub(1);
  EXPECT_THROW(make(GetParam(), hub.transport(0), {.segment_bytes = 3}), base::InputError);
}

}  // namespace
}  // namespace optinc::collective
