#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "optinc/base/random.h"
#include "optinc/capi/testing.h"
#include "optinc/codec/element_type.h"
#include "optinc/collective/optical_all_reduce.h"
#include "optinc/collective/thread_transport.h"
#include "optinc/fabric/integer_fabric.h"

namespace optinc::capi {
namespace {

using Bytes = std::vector<std::byte>;
using testing::Each;
using testing::ElementsAre;

struct Type {
  int value;
  codec::ElementType meaning;
};
constexpr Type kTypes[] = {{OPTINC_FLOAT32, codec::ElementType::float32},
                           {OPTINC_FLOAT16, codec::ElementType::float16},
                           {OPTINC_BFLOAT16, codec::ElementType::bfloat16}};

/// Rank `rank`'s elements, within +-0.5.
Bytes elements_of(int rank, std::size_t count, codec::ElementType type) {
  const base::CounterStream stream(3, rank);
  std::vector<float> values(count);
  for (std::size_t i = 0; i < count; ++i) values[i] = static_cast<float>(stream.uniform(i) - 0.5);
  Bytes elements(count * codec::element_bytes(type));
  codec::from_float(values, type, codec::Overflow::to_infinity, elements.data());
  return elements;
}

struct Call {
  int ranks = 4;
  std::size_t count = 1000;
  Type type = kTypes[0];
  int op = OPTINC_AVERAGE;
  bool in_place = true;
  optinc_all_reduce_options options = default_options();
  optinc_stats stats = {};  // of rank 0
};

/// What all ranks get, by optinc.h.
Bytes result_of(Call& call) {
  const Fabric fabric = exact_fabric(4, 8);
  const std::vector<Comm> comms = thread_comms(call.ranks);
  std::vector<Bytes> results(call.ranks);
  run_threads(call.ranks, [&](int rank) {
    Bytes elements = elements_of(rank, call.count, call.type.meaning);
    Bytes& result = results[rank];
    result = call.in_place ? elements : Bytes(elements.size());
    const void* const in = call.in_place ? result.data() : elements.data();
    const Reducer reducer = make_reducer(comms[rank], fabric, call.options);
    EXPECT_OK(optinc_all_reduce(reducer.get(), in, result.data(), call.count, call.type.value, call.op, 0, nullptr,
                                rank == 0 ? &call.stats : nullptr));
    if (!call.in_place) {
      EXPECT_EQ(elements, elements_of(rank, call.count, call.type.meaning));
    }
  });
  EXPECT_THAT(results, Each(results[0]));
  return results[0];
}

/// The same, by the library underneath.
Bytes expected_of(const Call& call) {
  const fabric::IntegerFabric fabric(4, 8, codec::Rounding::nearest);
  Bytes expected;
  collective::run_ranks(call.ranks, {}, [&](collective::Transport& transport) {
    Bytes elements = elements_of(transport.rank(), call.count, call.type.meaning);
    collective::OpticalAllReduce all_reduce(transport, fabric);
    all_reduce.all_reduce(
        {.type = call.type.meaning, .count = call.count, .input = elements.data(), .output = elements.data()},
        {.op = call.op == OPTINC_SUM ? collective::ReduceOp::sum : collective::ReduceOp::average});
    if (transport.rank() == 0) expected = elements;
  });
  return expected;
}

TEST(AllReduce, GivesTheLibrarysBitsForEveryTypeOperationSizeAndPlace) {
  for (const Type& type : kTypes) {
    for (const int op : {OPTINC_SUM, OPTINC_AVERAGE}) {
      for (const std::size_t count : {0, 1, 255, 257, 1000}) {
        for (const bool in_place : {true, false}) {
          SCOPED_TRACE(testing::Message() << "type " << type.value << ", op " << op << ", count " << count);
          Call call{.count = count, .type = type, .op = op, .in_place = in_place};
          EXPECT_EQ(result_of(call), expected_of(call));
        }
      }
    }
  }
}

TEST(AllReduce, IdlePortsChunksThreadsAndChecksumsAreNotSeen) {
  for (const int ranks : {1, 2, 3}) {
    Call call{.ranks = ranks, .count = 10000};
    const Bytes expected = expected_of(call);
    EXPECT_EQ(result_of(call), expected);
    call.options.chunk = 1024;
    call.options.threads = 2;
    call.options.checksum = 1;
    EXPECT_EQ(result_of(call), expected);
  }
}

// Of 4 ranks with 1,000 float32: a ring sends 2 S (N - 1) / N bytes a port in 2 (N - 1) rounds; the optics 1,000 codes
// of a byte and 4 scales of 2 bytes, or of 1, in 2 rounds.
TEST(AllReduce, TellsTheTrafficOfTheModelledSystem) {
  const auto stats_of = [](const auto& change) {
    Call call;
    change(call.options);
    result_of(call);
    EXPECT_EQ(call.stats.payload_bytes, 4000u);
    EXPECT_EQ(call.stats.servers, 4);
    EXPECT_EQ(call.stats.fell_back, 0);
    EXPECT_EQ(call.stats.non_finite_blocks, 0u);
    EXPECT_THAT(call.stats.reserved, Each(0));
    return std::vector<std::uint64_t>{call.stats.wire_bytes, static_cast<std::uint64_t>(call.stats.rounds)};
  };
  EXPECT_THAT(stats_of([](auto&) {}), ElementsAre(1008, 2));
  EXPECT_THAT(stats_of([](auto& options) { options.scale_format = OPTINC_SCALE_EXPONENT8; }), ElementsAre(1004, 2));
  EXPECT_THAT(stats_of([](auto& options) { options.block = 1000; }), ElementsAre(1002, 2));
  EXPECT_THAT(stats_of([](auto& options) { options.algorithm = OPTINC_ALGORITHM_RING; }), ElementsAre(6000, 6));
  EXPECT_THAT(stats_of([](auto& options) { options.algorithm = OPTINC_ALGORITHM_RABENSEIFNER; }), ElementsAre(6000, 4));
  EXPECT_EQ(stats_of([](auto& options) { options.algorithm = OPTINC_ALGORITHM_TREE; })[1], 4u);
}

// 1 + 2 + 3 = 6 and its third: exact in all electrical algorithms.
TEST(AllReduce, ElectricalAlgorithmsNeedNoFabric) {
  for (const int algorithm : {OPTINC_ALGORITHM_RING, OPTINC_ALGORITHM_RABENSEIFNER, OPTINC_ALGORITHM_TREE}) {
    const std::vector<Comm> comms = thread_comms(3);
    run_threads(3, [&](int rank) {
      optinc_all_reduce_options options = default_options();
      options.algorithm = algorithm;
      options.checksum = 1;
      const Reducer reducer = make_reducer(comms[rank], nullptr, options);
      for (const int op : {OPTINC_SUM, OPTINC_AVERAGE}) {
        std::vector<float> values(100, static_cast<float>(rank + 1));
        EXPECT_OK(optinc_all_reduce(reducer.get(), values.data(), values.data(), 100, OPTINC_FLOAT32, op, 0, nullptr,
                                    nullptr));
        EXPECT_THAT(values, Each(op == OPTINC_SUM ? 6.0f : 2.0f));
      }
    });
  }
}

/// Two blocks of 256 by `calls` calls that share the elements, each from the place of its first.
std::vector<float> stochastic_result(std::size_t calls, std::uint64_t seed) {
  const Fabric fabric = exact_fabric(2, 4);
  const std::vector<Comm> comms = thread_comms(2);
  std::vector<float> result(512);
  run_threads(2, [&](int rank) {
    optinc_all_reduce_options options = default_options();
    options.quantiser = OPTINC_QUANTISER_STOCHASTIC;
    options.seed = seed;
    const Reducer reducer = make_reducer(comms[rank], fabric, options);
    std::vector<float> values(512);
    for (std::size_t i = 0; i < 512; ++i) values[i] = std::sin(0.1f * static_cast<float>(i));
    const std::size_t count = 512 / calls;
    for (std::size_t begin = 0; begin < 512; begin += count) {
      EXPECT_OK(optinc_all_reduce(reducer.get(), values.data() + begin, values.data() + begin, count, OPTINC_FLOAT32,
                                  OPTINC_AVERAGE, begin, nullptr, nullptr));
    }
    if (rank == 0) result = values;
  });
  return result;
}

TEST(AllReduce, RandomBitsGoBySeedAndPlaceOfTheElement) {
  const std::vector<float> result = stochastic_result(1, 7);
  EXPECT_EQ(stochastic_result(2, 7), result);
  EXPECT_NE(stochastic_result(1, 8), result);
}

// With error feedback the mean over the steps comes to the value: what is left over is less than a step of 2 / 255.
TEST(AllReduce, ErrorFeedbackMakesTheMeanRight) {
  const Fabric fabric = exact_fabric(2, 8);
  const std::vector<Comm> comms = thread_comms(2);
  run_threads(2, [&](int rank) {
    const Reducer reducer = make_reducer(comms[rank], fabric, default_options());
    const float values[2] = {1.0f, 0.1f};
    float residual[2] = {}, mean = 0;
    for (int step = 0; step < 100; ++step) {
      float averages[2];
      EXPECT_OK(optinc_all_reduce(reducer.get(), values, averages, 2, OPTINC_FLOAT32, OPTINC_AVERAGE, 2 * step,
                                  residual, nullptr));
      mean += averages[1] / 100;
    }
    EXPECT_NEAR(mean, 0.1f, 2.0 / 255 / 100);
    EXPECT_NE(residual[1], 0.0f);
  });
}

TEST(AllReduce, NonFiniteBlocksAreNanEverywhereAndCounted) {
  const Fabric fabric = exact_fabric(2, 8);
  const std::vector<Comm> comms = thread_comms(2);
  run_threads(2, [&](int rank) {
    const Reducer reducer = make_reducer(comms[rank], fabric, default_options());
    std::vector<float> values(512, 1.0f);
    if (rank == 1) values[300] = std::numeric_limits<float>::infinity();
    optinc_stats stats;
    EXPECT_OK(optinc_all_reduce(reducer.get(), values.data(), values.data(), 512, OPTINC_FLOAT32, OPTINC_AVERAGE, 0,
                                nullptr, &stats));
    EXPECT_EQ(stats.non_finite_blocks, 1u);
    EXPECT_TRUE(std::ranges::all_of(values.begin(), values.begin() + 256, [](float x) { return std::isfinite(x); }));
    EXPECT_TRUE(std::ranges::all_of(values.begin() + 256, values.end(), [](float x) { return std::isnan(x); }));
  });
}

TEST(AllReduce, HandlesEndInAnyOrder) {
  Fabric fabric = exact_fabric(1, 8);
  std::vector<Comm> comms = thread_comms(1);
  const Reducer reducer = make_reducer(comms[0], fabric, default_options());
  const Reducer second = make_reducer(comms[0], fabric, default_options());
  fabric.reset();
  comms.clear();
  float value = 1;
  EXPECT_OK(optinc_all_reduce(reducer.get(), &value, &value, 1, OPTINC_FLOAT32, OPTINC_AVERAGE, 0, nullptr, nullptr));
  EXPECT_NEAR(value, 1, 0.01);
}

TEST(AllReduce, MembersAreAllRanks) {
  const Fabric fabric = exact_fabric(3, 8);
  const std::vector<Comm> comms = thread_comms(3);
  for (const int algorithm : {OPTINC_ALGORITHM_OPTINC, OPTINC_ALGORITHM_RING}) {
    optinc_all_reduce_options options = default_options();
    options.algorithm = algorithm;
    const Reducer reducer = make_reducer(comms[1], fabric, options);
    std::vector<int> ranks(3);
    int count = 0;
    EXPECT_OK(optinc_all_reduce_members(reducer.get(), ranks.data(), &count));
    EXPECT_EQ(count, 3);
    EXPECT_THAT(ranks, ElementsAre(0, 1, 2));
  }
}

TEST(AllReduce, InitKnowsItsOwnSizeOnly) {
  optinc_all_reduce_options options;
  EXPECT_OK(optinc_all_reduce_options_init(&options, sizeof options));
  EXPECT_EQ(options.size, sizeof options);
  EXPECT_EQ(options.block, 256u);
  EXPECT_EQ(options.chunk, 262144u);
  EXPECT_EQ(options.threads, 1);
  EXPECT_EQ(optinc_all_reduce_options_init(&options, 0), OPTINC_BAD_INPUT);
  EXPECT_EQ(optinc_all_reduce_options_init(&options, sizeof options + 8), OPTINC_BAD_INPUT);
  EXPECT_THAT(optinc_last_error(), testing::StartsWith("options of "));
  EXPECT_REFUSED(optinc_all_reduce_options_init(nullptr, sizeof options), "options is NULL: expected a pointer");
}

TEST(AllReduce, RefusesOptionsThatCanNotBe) {
  const Fabric fabric = exact_fabric(2, 8);
  const std::vector<Comm> comms = thread_comms(3), two = thread_comms(2);
  const auto error_of = [&](const auto& change) {
    optinc_all_reduce_options options = default_options();
    change(options);
    optinc_reducer* reducer = nullptr;
    EXPECT_EQ(optinc_all_reduce_create(two[0].get(), fabric.get(), &options, &reducer), OPTINC_BAD_INPUT);
    EXPECT_EQ(reducer, nullptr);
    return std::string(optinc_last_error());
  };
  EXPECT_EQ(error_of([](auto& options) { options.size = 8; }).substr(0, 36),
            "options of 8 bytes: expected " + std::to_string(sizeof(optinc_all_reduce_options)) + ", by ");
  EXPECT_EQ(error_of([](auto& options) { options.algorithm = 4; }),
            "algorithm 4: expected OPTINC_ALGORITHM_OPTINC, OPTINC_ALGORITHM_RING, OPTINC_ALGORITHM_RABENSEIFNER or "
            "OPTINC_ALGORITHM_TREE");
  EXPECT_EQ(error_of([](auto& options) { options.scale_format = 2; }),
            "scale_format 2: expected OPTINC_SCALE_ABSMAX16 or OPTINC_SCALE_EXPONENT8");
  EXPECT_EQ(error_of([](auto& options) { options.quantiser = 2; }),
            "quantiser 2: expected OPTINC_QUANTISER_HALF_EVEN or OPTINC_QUANTISER_STOCHASTIC");
  EXPECT_EQ(error_of([](auto& options) { options.on_fault = 3; }),
            "on_fault 3: expected OPTINC_ON_FAULT_ABORT, OPTINC_ON_FAULT_RING or OPTINC_ON_FAULT_SURVIVORS");
  EXPECT_THAT(error_of([](auto& options) { options.block = 0; }), testing::HasSubstr("block"));
  EXPECT_EQ(error_of([](auto& options) { options.chunk = 0; }), "chunk 0: expected 1 or more");
  EXPECT_EQ(error_of([](auto& options) { options.threads = -1; }), "threads -1: expected 0 (all) or more");
  EXPECT_EQ(error_of([](auto& options) { options.checksum = 2; }), "checksum 2: expected 0 or 1");
  EXPECT_EQ(error_of([](auto& options) {
              options.algorithm = OPTINC_ALGORITHM_RING;
              options.on_fault = OPTINC_ON_FAULT_SURVIVORS;
            }),
            "on_fault 2 with an electrical algorithm: expected OPTINC_ON_FAULT_ABORT");

  optinc_reducer* reducer = nullptr;
  EXPECT_REFUSED(optinc_all_reduce_create(comms[0].get(), fabric.get(), nullptr, &reducer),
                 "3 ranks, but the device has 2 ports");
  EXPECT_REFUSED(optinc_all_reduce_create(two[0].get(), nullptr, nullptr, &reducer),
                 "fabric is NULL: expected a pointer");
  EXPECT_REFUSED(optinc_all_reduce_create(nullptr, fabric.get(), nullptr, &reducer),
                 "comm is NULL: expected a pointer");
  EXPECT_REFUSED(optinc_all_reduce_create(two[0].get(), fabric.get(), nullptr, nullptr),
                 "reducer is NULL: expected a pointer");
}

TEST(AllReduce, RefusesCallsThatCanNotBe) {
  const Fabric fabric = exact_fabric(1, 8);
  const std::vector<Comm> comms = thread_comms(1);
  const Reducer made = make_reducer(comms[0], fabric, default_options());
  optinc_reducer* const reducer = made.get();
  float in[8] = {}, out[8] = {};
  const auto call = [&](const void* from, void* to, std::size_t count, int type, int op, float* residual) {
    return optinc_all_reduce(reducer, from, to, count, type, op, 0, residual, nullptr);
  };
  EXPECT_REFUSED(call(nullptr, out, 8, OPTINC_FLOAT32, OPTINC_SUM, nullptr), "in is NULL: expected a pointer");
  EXPECT_REFUSED(call(in, nullptr, 8, OPTINC_FLOAT32, OPTINC_SUM, nullptr), "out is NULL: expected a pointer");
  EXPECT_REFUSED(call(in, out, 8, 3, OPTINC_SUM, nullptr),
                 "type 3: expected OPTINC_FLOAT32, OPTINC_FLOAT16 or OPTINC_BFLOAT16");
  EXPECT_REFUSED(call(in, out, 8, OPTINC_FLOAT32, 2, nullptr), "op 2: expected OPTINC_SUM or OPTINC_AVERAGE");
  EXPECT_REFUSED(call(in, out, std::size_t{1} << 62, OPTINC_FLOAT32, OPTINC_SUM, nullptr),
                 "count 4611686018427387904: expected at most 2305843009213693951");
  EXPECT_REFUSED(call(in, in + 1, 7, OPTINC_FLOAT32, OPTINC_SUM, nullptr),
                 "in and out overlap, 28 bytes each: expected the same memory, or memory apart");
  EXPECT_REFUSED(call(in, out, 8, OPTINC_FLOAT32, OPTINC_SUM, out),
                 "residual overlaps in or out: expected memory apart");
  EXPECT_REFUSED(optinc_all_reduce(nullptr, in, out, 8, OPTINC_FLOAT32, OPTINC_SUM, 0, nullptr, nullptr),
                 "reducer is NULL: expected a pointer");
  int ranks[1], count;
  EXPECT_REFUSED(optinc_all_reduce_members(nullptr, ranks, &count), "reducer is NULL: expected a pointer");
  EXPECT_REFUSED(optinc_all_reduce_members(reducer, nullptr, &count), "ranks is NULL: expected a pointer");
  EXPECT_REFUSED(optinc_all_reduce_members(reducer, ranks, nullptr), "count is NULL: expected a pointer");
  EXPECT_OK(optinc_all_reduce_destroy(nullptr));

  // None of these has spoilt it; of nothing, nothing is needed; beside each other is apart.
  EXPECT_OK(call(nullptr, nullptr, 0, OPTINC_FLOAT32, OPTINC_SUM, nullptr));
  EXPECT_OK(call(in, in + 4, 4, OPTINC_FLOAT32, OPTINC_SUM, out));
}

}  // namespace
}  // namespace optinc::capi
