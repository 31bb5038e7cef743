#include "optinc/collective/in_network_all_reduce.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <functional>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "optinc/base/error.h"
#include "optinc/codec/exact_average.h"
#include "optinc/codec/pam4.h"
#include "optinc/collective/optical_network.h"
#include "optinc/collective/thread_transport.h"
#include "optinc/device/exact_averager.h"
#include "optinc/fabric/basic_cascade.h"
#include "optinc/fabric/cascade.h"
#include "optinc/fabric/integer_fabric.h"
#include "optinc/fabric/single_device.h"

namespace optinc::collective {
namespace {

using Floats = std::vector<float>;

fabric::SingleDevice exact_device(int bits, int ports, codec::Rounding rounding) {
  return fabric::SingleDevice(std::make_shared<device::ExactAverager>(device::DeviceShape{
      .bits = bits, .servers = ports, .inputs = codec::symbols_per_code(bits), .rounding = rounding}));
}

/// Gradients of `ranks` ranks: magnitudes differ from block to block and rank to rank, with zeros among them.
std::vector<Floats> draw_gradients(int ranks, std::size_t count, std::uint64_t seed) {
  std::vector<Floats> tensors;
  for (int rank = 0; rank < ranks; ++rank) {
    const base::CounterStream stream(seed, rank);
    Floats& tensor = tensors.emplace_back(count);
    for (std::size_t i = 0; i < count; ++i) {
      const double magnitude = std::ldexp(1.0, static_cast<int>(stream.word(3 * (i / 50)) % 20) - 10);
      const bool zero = stream.word(3 * i + 1) % 9 == 0;
      tensor[i] = zero ? 0.0f : static_cast<float>((stream.uniform(3 * i + 2) - 0.5) * magnitude);
    }
  }
  return tensors;
}

std::vector<std::uint32_t> bits_of(const Floats& tensor) {
  std::vector<std::uint32_t> bits;
  for (const float value : tensor) bits.push_back(std::bit_cast<std::uint32_t>(value));
  return bits;
}

struct Outcome {
  std::vector<Floats> values;
  std::vector<AllReduceStats> stats;
};

Outcome average(std::vector<Floats> inputs, const fabric::Fabric& fabric, const OpticalNetworkOptions& options,
                const InNetworkOptions& how, std::uint64_t first_element) {
  const int ranks = static_cast<int>(inputs.size());
  Outcome outcome{.values = std::move(inputs), .stats = std::vector<AllReduceStats>(ranks)};
  run_ranks(ranks, {}, [&](Transport& transport) {
    const OpticalNetwork network(fabric, options);
    InNetworkAllReduce all_reduce(transport, network, how);
    outcome.stats[transport.rank()] = all_reduce.average(outcome.values[transport.rank()], first_element);
  });
  return outcome;
}

/// What must come out, from the codec alone: quantise at every rank, average the codes as whole numbers, dequantise.
Floats oracle(const std::vector<Floats>& inputs, const fabric::Fabric& fabric, const OpticalNetworkOptions& options,
              std::uint64_t first_element) {
  const codec::QuantiserOptions& quantiser = options.quantiser;
  const std::size_t count = inputs[0].size(), blocks = codec::block_count(count, quantiser.block);
  std::vector<std::uint16_t> scales(blocks), of_one(blocks);
  for (const Floats& tensor : inputs) {
    codec::reference::local_scales(tensor, quantiser, of_one);
    std::ranges::transform(scales, of_one, scales.begin(), [](auto a, auto b) { return std::max(a, b); });
  }
  std::vector<std::vector<std::uint32_t>> codes(inputs.size(), std::vector<std::uint32_t>(count));
  for (std::size_t rank = 0; rank < inputs.size(); ++rank) {
    const base::CounterStream stream(options.seed, 0x7175616e74697365 + rank);
    codec::reference::quantise(inputs[rank], scales, quantiser, stream, first_element, codes[rank]);
  }
  std::vector<std::uint32_t> averages(count);
  codec::exact_averages(std::vector<std::span<const std::uint32_t>>(codes.begin(), codes.end()), fabric.ports(),
                        fabric.bits(), fabric.rounding(), codec::RoundingBits(options.seed), first_element, averages);
  Floats result(count);
  const double gain = static_cast<double>(fabric.ports()) / static_cast<double>(inputs.size());
  codec::reference::dequantise(averages, scales, quantiser, gain, result);
  return result;
}

RC_GTEST_PROP(OpticalAllReduce, IsTheOracleBitForBitAtEveryRank, ()) {
  const int ranks = *rc::gen::element(1, 2, 3, 4, 5, 6);
  const int ports = std::max(2, ranks + *rc::gen::inRange(0, 3));
  const int bits = *rc::gen::weightedOneOf<int>({{2, rc::gen::element(8, 16)}, {3, rc::gen::inRange(2, 33)}});
  const auto count = *rc::gen::weightedOneOf<std::size_t>({{1, rc::gen::element<std::size_t>(0, 1, 2)},
                                                           {6, rc::gen::inRange<std::size_t>(0, 700)},
                                                           {1, rc::gen::inRange<std::size_t>(16'000, 18'000)}});
  const auto rounding =
      *rc::gen::element(codec::Rounding::floor, codec::Rounding::nearest, codec::Rounding::nearest_unbiased);
  const OpticalNetworkOptions options{
      .quantiser = {.bits = bits,
                    .block =
                        *rc::gen::oneOf(rc::gen::inRange<std::size_t>(1, 300), rc::gen::just<std::size_t>(100'000)),
                    .scale_format = *rc::gen::element(codec::ScaleFormat::exponent8, codec::ScaleFormat::absmax16),
                    .rounding =
                        *rc::gen::element(codec::QuantiserRounding::half_even, codec::QuantiserRounding::stochastic)},
      .seed = *rc::gen::inRange<std::uint64_t>(0, 1000)};
  const InNetworkOptions how{.chunk = *rc::gen::element<std::size_t>(1, 64, 1000, 1 << 18),
                             .grain = *rc::gen::element<std::size_t>(4, 20, 1024),
                             .threads = *rc::gen::inRange(1, 4)};
  const auto first_element = *rc::gen::inRange<std::uint64_t>(0, 1 << 20);
  RC_TAG(ranks);

  const fabric::SingleDevice device = exact_device(bits, ports, rounding);
  std::vector<Floats> inputs = draw_gradients(ranks, count, options.seed);
  const bool poisoned = count > 0 && *rc::gen::inRange(0, 4) == 0;
  if (poisoned) {
    inputs[*rc::gen::inRange(0, ranks)][*rc::gen::inRange<std::size_t>(0, count)] =
        *rc::gen::element(NAN, -NAN, INFINITY, -INFINITY);
  }
  const auto expected = bits_of(oracle(inputs, device, options, first_element));
  const Outcome outcome = average(inputs, device, options, how, first_element);
  for (int rank = 0; rank < ranks; ++rank) {
    RC_ASSERT(bits_of(outcome.values[rank]) == expected);
    RC_ASSERT(outcome.stats[rank].non_finite_blocks == (poisoned ? 1u : 0u));
  }
}

// Five devices of 4 ports: 16 servers, some of whose ports are idle and some of whose devices are absent.
TEST(OpticalAllReduce, OverACascadeIsTheOracleForOneTo16Ranks) {
  for (const auto rounding : {codec::Rounding::floor, codec::Rounding::nearest, codec::Rounding::nearest_unbiased}) {
    const device::DeviceShape level_2{.rounding = rounding, .role = onn::Role::cascade_level_2};
    const device::DeviceShape level_1{.role = onn::Role::cascade_level_1};
    for (const auto mode : {fabric::CascadeMode::snapped, fabric::CascadeMode::analog}) {
      const fabric::Cascade cascade(std::make_shared<device::ExactAverager>(level_1),
                                    std::make_shared<device::ExactAverager>(level_2), {.mode = mode});
      for (int ranks = 1; ranks <= 16; ++ranks) {
        const OpticalNetworkOptions options{.quantiser = {.block = 64}, .seed = static_cast<std::uint64_t>(ranks)};
        const std::vector<Floats> inputs = draw_gradients(ranks, 301, ranks);
        const auto expected = bits_of(oracle(inputs, cascade, options, 1000));
        for (const Floats& values : average(inputs, cascade, options, {.grain = 4}, 1000).values) {
          ASSERT_EQ(bits_of(values), expected)
              << ranks << " ranks, " << codec::to_string(rounding) << ", " << fabric::to_string(mode);
        }
      }
    }
  }
}

// One block of four, absmax 1 (absmax16: 0x3F80 exactly), 8 bits: step = 1/127. Codes 127, 64, 0, -127 at both of two
// ranks of a 4-port device, the idle ports zero: the sum over ports is 254, 128, 0, -254; floor(sum / 4) = 63, 32, 0,
// -64; times gain 2.
// 27 ranks on 13 devices of 3 ports. Each level rounds to nearest: of a step, half at the most is off three times.
TEST(OpticalAllReduce, OverThreeLevelsIsOffByThreeRoundings) {
  constexpr int kRanks = 27;
  constexpr std::size_t kCount = 300;
  const auto device = std::make_shared<fabric::IntegerFabric>(3, 8, codec::Rounding::nearest);
  const fabric::BasicCascade levels(std::make_shared<fabric::BasicCascade>(device, device), device);
  const OpticalNetworkOptions options{.quantiser = {.block = 50}};
  std::vector<Floats> inputs = draw_gradients(kRanks, kCount, 5);
  const Outcome outcome = average(inputs, levels, options, {}, 0);
  for (int rank = 1; rank < kRanks; ++rank) EXPECT_EQ(bits_of(outcome.values[rank]), bits_of(outcome.values[0]));
  for (std::size_t block = 0; block < kCount / 50; ++block) {
    float largest = 0;
    for (const Floats& tensor : inputs) {
      for (std::size_t i = 50 * block; i < 50 * (block + 1); ++i) largest = std::max(largest, std::abs(tensor[i]));
    }
    // Ranks quantise to half a step themselves; a scale is up to 2^-7 above the largest value.
    const double step = largest * (1 + 0x1p-7) / 127;
    for (std::size_t i = 50 * block; i < 50 * (block + 1); ++i) {
      double exact = 0;
      for (const Floats& tensor : inputs) exact += tensor[i];
      EXPECT_LE(std::abs(outcome.values[0][i] - exact / kRanks), (0.5 + 3 * 0.5) * step * 1.0001);
    }
  }
}

TEST(OpticalAllReduce, WorkedByHand) {
  const Floats values = {1.0f, 64.0f / 127, 0.0f, -1.0f};
  const Outcome outcome =
      average({values, values}, exact_device(8, 4, codec::Rounding::floor), {.quantiser = {.block = 4}}, {}, 0);
  for (const Floats& result : outcome.values) {
    const Floats expected = {static_cast<float>(126.0 / 127), static_cast<float>(64.0 / 127), 0.0f,
                             static_cast<float>(-128.0 / 127)};
    EXPECT_EQ(result, expected);
  }
}

TEST(OpticalAllReduce, OneBlockWithNanOrInfinityIsNanAtEveryRankAndTheOthersAreUntouched) {
  const fabric::SingleDevice device = exact_device(8, 4, codec::Rounding::nearest);
  const OpticalNetworkOptions options{.quantiser = {.block = 64}};
  const std::vector<Floats> clean = draw_gradients(3, 300, 5);
  std::vector<Floats> poisoned = clean;
  poisoned[1][70] = std::numeric_limits<float>::infinity();
  poisoned[2][70] = -std::numeric_limits<float>::infinity();
  poisoned[0][299] = std::numeric_limits<float>::quiet_NaN();
  const Outcome without = average(clean, device, options, {}, 0), with = average(poisoned, device, options, {}, 0);
  for (int rank = 0; rank < 3; ++rank) {
    EXPECT_EQ(with.stats[rank].non_finite_blocks, 2u);
    for (std::size_t i = 0; i < 300; ++i) {
      const bool hit = i / 64 == 1 || i / 64 == 4;
      const auto expected = hit ? 0x7FC00000u : std::bit_cast<std::uint32_t>(without.values[0][i]);
      ASSERT_EQ(std::bit_cast<std::uint32_t>(with.values[rank][i]), expected) << "rank " << rank << ", element " << i;
    }
  }
}

// The same instance, long, short and long again: nothing is left over in the buffers that it keeps.
TEST(OpticalAllReduce, CanBeUsedAgainWithOtherLengths) {
  const fabric::SingleDevice device = exact_device(7, 4, codec::Rounding::nearest_unbiased);
  const OpticalNetworkOptions options{
      .quantiser = {.bits = 7, .block = 32, .rounding = codec::QuantiserRounding::stochastic}, .seed = 3};
  run_ranks(4, {}, [&](Transport& transport) {
    const OpticalNetwork network(device, options);
    InNetworkAllReduce all_reduce(transport, network, {.grain = 8});
    std::uint64_t first_element = 0;
    for (const std::size_t count : {40'000, 3, 0, 777, 40'000}) {
      const std::vector<Floats> inputs = draw_gradients(4, count, count);
      Floats values = inputs[transport.rank()];
      all_reduce.average(values, first_element);
      EXPECT_EQ(bits_of(values), bits_of(oracle(inputs, device, options, first_element))) << count << " elements";
      first_element += count;
    }
  });
}

// 1000 codes of 8 bits are 1000 bytes of symbols; 4 blocks of 256 have 4 scale codes of 1 or 2 bytes.
TEST(OpticalAllReduce, CountsSymbolsAndScalesOnce) {
  const fabric::SingleDevice device = exact_device(8, 2, codec::Rounding::floor);
  const auto stats = [&](codec::ScaleFormat format) {
    return average(std::vector<Floats>(2, Floats(1000)), device, {.quantiser = {.scale_format = format}}, {}, 0)
        .stats[1];
  };
  EXPECT_EQ(stats(codec::ScaleFormat::exponent8).payload_bytes, 4000u);
  EXPECT_EQ(stats(codec::ScaleFormat::exponent8).wire_bytes, 1004u);
  EXPECT_EQ(stats(codec::ScaleFormat::absmax16).wire_bytes, 1008u);
}

TEST(OpticalAllReduce, ARankThatStaysAwayIsNamed) {
  const fabric::SingleDevice device = exact_device(8, 2, codec::Rounding::floor);
  try {
    run_ranks(2, {.deadline_s = 0.2}, [&](Transport& transport) {
      const OpticalNetwork network(device, {});
      InNetworkAllReduce all_reduce(transport, network);
      Floats values(512);
      if (transport.rank() == 1) all_reduce.average(values, 0);
    });
    FAIL() << "no error";
  } catch (const base::RunError& error) {
    EXPECT_STREQ(error.what(),
                 "rank 1 of 2: receive of 48 bytes from rank 0: nothing came within 0.2 s "
                 "[optinc all-reduce number 1: 0 of 2048 bytes done]");
  }
}

TEST(OpticalAllReduce, RanksThatCallForDifferentThingsAreToldSo) {
  const fabric::SingleDevice device = exact_device(8, 2, codec::Rounding::floor);
  const auto message = [&](const std::function<void(AllReduce&, int rank)>& call) -> std::string {
    try {
      run_ranks(2, {.deadline_s = 10}, [&](Transport& transport) {
        const OpticalNetwork network(device, {});
        InNetworkAllReduce all_reduce(transport, network);
        call(all_reduce, transport.rank());
      });
    } catch (const base::RunError& error) {
      return error.what();
    }
    return "no RunError";
  };
  const auto lengths = [](AllReduce& all_reduce, int rank) {
    Floats values(rank == 0 ? 512 : 2000);
    all_reduce.average(values, 0);
  };
  EXPECT_THAT(message(lengths), testing::HasSubstr("avg of 512 elements of float32 from number 0"));
  EXPECT_THAT(message(lengths), testing::HasSubstr("avg of 2000 elements of float32 from number 0"));
  const auto types = [](AllReduce& all_reduce, int rank) {
    std::vector<std::byte> values(1024);
    all_reduce.all_reduce({.type = rank == 0 ? codec::ElementType::float16 : codec::ElementType::bfloat16,
                           .count = 512,
                           .input = values.data(),
                           .output = values.data()},
                          {});
  };
  EXPECT_THAT(message(types), testing::HasSubstr("elements of bfloat16"));
  const auto ops = [](AllReduce& all_reduce, int rank) {
    Floats values(512);
    const auto bytes = std::as_writable_bytes(std::span(values)).data();
    all_reduce.all_reduce({.count = 512, .input = bytes, .output = bytes},
                          {.op = rank == 0 ? ReduceOp::sum : ReduceOp::average});
  };
  EXPECT_THAT(message(ops), testing::HasSubstr("for the sum of 512"));
  EXPECT_THAT(message(ops), testing::HasSubstr("for the avg of 512"));
}

TEST(OpticalAllReduce, RefusesWhatDoesNotFitBeforeAnythingIsSent) {
  const fabric::SingleDevice device = exact_device(8, 4, codec::Rounding::floor);
  const auto message = [&](int ranks, const OpticalNetworkOptions& options,
                           const InNetworkOptions& how = {}) -> std::string {
    ThreadHub hub(ranks);
    try {
      const OpticalNetwork network(device, options);
      InNetworkAllReduce(hub.transport(0), network, how);
    } catch (const base::InputError& error) {
      return error.what();
    }
    return "no InputError";
  };
  EXPECT_EQ(message(5, {}), "5 ranks, but the device has 4 ports");
  EXPECT_EQ(message(4, {.quantiser = {.bits = 16}}), "the quantiser makes 16 bits, the device averages 8");
  EXPECT_EQ(message(4, {}, {.grain = 6}), "grain 6: expected a multiple of 4");
  EXPECT_EQ(message(4, {}, {.chunk = 0}), "chunk 0: expected 1 or more");
  EXPECT_EQ(message(4, {}, {.threads = -1}), "threads -1: expected 0 (all) or more");
  EXPECT_EQ(message(4, {.dark_ports = {4}}), "dark port 4: expected 0 .. 3");
  EXPECT_EQ(message(4, {}), "no InputError");
}

/// Elements of a type, all ranks': what every rank holds after an all-reduce through an exact device.
std::vector<std::vector<std::byte>> reduce_elements(const std::vector<std::vector<std::byte>>& inputs,
                                                    codec::ElementType type, ReduceOp op,
                                                    const fabric::Fabric& fabric) {
  std::vector<std::vector<std::byte>> outputs = inputs;
  run_ranks(static_cast<int>(inputs.size()), {}, [&](Transport& transport) {
    const OpticalNetwork network(fabric, {});
    const int rank = transport.rank();
    InNetworkAllReduce(transport, network)
        .all_reduce({.type = type,
                     .count = inputs[rank].size() / codec::element_bytes(type),
                     .input = inputs[rank].data(),
                     .output = outputs[rank].data()},
                    {.op = op});
  });
  return outputs;
}

// doc/numerics.md: half types are widened, which is exact, averaged as float32 and rounded once.
RC_GTEST_PROP(OpticalAllReduce, OfHalfTypesIsThatOfTheirFloat32ValuesRoundedOnce, ()) {
  const auto type = *rc::gen::element(codec::ElementType::float16, codec::ElementType::bfloat16);
  const auto op = *rc::gen::element(ReduceOp::sum, ReduceOp::average);
  const int ranks = *rc::gen::inRange(1, 5);
  const auto count = *rc::gen::inRange<std::size_t>(0, 2000);
  const fabric::SingleDevice device = exact_device(8, 4, codec::Rounding::nearest);
  std::vector<std::vector<std::byte>> halves, floats;
  for (const Floats& tensor : draw_gradients(ranks, count, *rc::gen::inRange<std::uint64_t>(0, 1000))) {
    std::vector<std::byte>& half = halves.emplace_back(2 * count);
    codec::from_float(tensor, type, codec::Overflow::to_infinity, half.data());
    Floats widened(count);
    codec::to_float(type, half.data(), widened);
    const auto bytes = std::as_bytes(std::span(widened));
    floats.emplace_back(bytes.begin(), bytes.end());
  }
  const auto of_halves = reduce_elements(halves, type, op, device);
  const auto of_floats = reduce_elements(floats, codec::ElementType::float32, op, device);
  Floats values(count);
  codec::to_float(codec::ElementType::float32, of_floats[0].data(), values);
  std::vector<std::byte> expected(2 * count);
  codec::from_float(values, type, op == ReduceOp::sum ? codec::Overflow::to_infinity : codec::Overflow::to_largest,
                    expected.data());
  for (const std::vector<std::byte>& result : of_halves) RC_ASSERT(result == expected);
}

// 65504 is float16's largest; the scale, a bfloat16 rounded up, is 65536: the average must not become Inf, the sum
// must.
TEST(OpticalAllReduce, AnAverageNeverOverflowsAndASumDoesAsIeeeHasIt) {
  const fabric::SingleDevice device = exact_device(8, 4, codec::Rounding::nearest);
  std::vector<std::byte> largest(2 * 8);
  codec::from_float(Floats(8, 65504.0f), codec::ElementType::float16, codec::Overflow::to_infinity, largest.data());
  const std::vector<std::vector<std::byte>> inputs(4, largest);
  Floats values(8);
  codec::to_float(codec::ElementType::float16,
                  reduce_elements(inputs, codec::ElementType::float16, ReduceOp::average, device)[0].data(), values);
  EXPECT_EQ(values, Floats(8, 65504.0f));
  codec::to_float(codec::ElementType::float16,
                  reduce_elements(inputs, codec::ElementType::float16, ReduceOp::sum, device)[0].data(), values);
  EXPECT_EQ(values, Floats(8, INFINITY));
}

RC_GTEST_PROP(OpticalAllReduce, TheSumIsTheAverageTimesTheRanks, ()) {
  const int ranks = *rc::gen::inRange(1, 5);
  const fabric::SingleDevice device = exact_device(8, 4, codec::Rounding::nearest);
  std::vector<std::vector<std::byte>> inputs;
  for (const Floats& tensor : draw_gradients(ranks, 500, *rc::gen::inRange<std::uint64_t>(0, 1000))) {
    const auto bytes = std::as_bytes(std::span(tensor));
    inputs.emplace_back(bytes.begin(), bytes.end());
  }
  Floats sums(500), averages(500);
  codec::to_float(codec::ElementType::float32,
                  reduce_elements(inputs, codec::ElementType::float32, ReduceOp::sum, device)[0].data(), sums);
  codec::to_float(codec::ElementType::float32,
                  reduce_elements(inputs, codec::ElementType::float32, ReduceOp::average, device)[0].data(), averages);
  for (std::size_t i = 0; i < 500; ++i) RC_ASSERT(sums[i] == averages[i] * static_cast<float>(ranks));
}

RC_GTEST_PROP(OpticalAllReduce, DoesNotDependOnTheOrderOfRanks, ()) {
  const int ranks = *rc::gen::inRange(2, 5);
  const fabric::SingleDevice device = exact_device(8, 4, codec::Rounding::nearest_unbiased);
  const std::vector<Floats> inputs = draw_gradients(ranks, 700, *rc::gen::inRange<std::uint64_t>(0, 1000));
  std::vector<Floats> permuted = inputs;
  std::ranges::rotate(permuted, permuted.begin() + *rc::gen::inRange(0, ranks));
  std::swap(permuted[0], permuted[*rc::gen::inRange(0, ranks)]);
  RC_ASSERT(bits_of(average(inputs, device, {}, {}, 0).values[0]) ==
            bits_of(average(permuted, device, {}, {}, 0).values[0]));
}

// Buckets that are cut at block boundaries, each with the place of its first element.
RC_GTEST_PROP(OpticalAllReduce, DoesNotDependOnHowTensorsAreBucketedAtBlockBoundaries, ()) {
  constexpr std::size_t kBlock = 64;
  const OpticalNetworkOptions options{.quantiser = {.block = kBlock, .rounding = codec::QuantiserRounding::stochastic},
                                      .seed = 9};
  const fabric::SingleDevice device = exact_device(8, 4, codec::Rounding::nearest_unbiased);
  const auto count = *rc::gen::inRange<std::size_t>(1, 1500);
  const std::size_t cut = std::min(count, kBlock * *rc::gen::inRange<std::size_t>(0, count / kBlock + 1));
  const std::vector<Floats> inputs = draw_gradients(3, count, 4);
  std::vector<Floats> heads, tails;
  for (const Floats& input : inputs) {
    heads.emplace_back(input.begin(), input.begin() + cut);
    tails.emplace_back(input.begin() + cut, input.end());
  }
  Floats joined = average(heads, device, options, {}, 5000).values[1];
  const Floats rest = average(tails, device, options, {}, 5000 + cut).values[1];
  joined.insert(joined.end(), rest.begin(), rest.end());
  RC_ASSERT(bits_of(joined) == bits_of(average(inputs, device, options, {}, 5000).values[1]));
}

// A constant gradient between two codes is lost for ever without error feedback; with it, the mean of the results over
// the steps comes to it: what is left over is never more than one step of the quantiser.
TEST(OpticalAllReduce, ErrorFeedbackCarriesOverWhatQuantisingLeaves) {
  const fabric::SingleDevice device = exact_device(8, 2, codec::Rounding::nearest);
  constexpr int kSteps = 200;
  run_ranks(2, {}, [&](Transport& transport) {
    const OpticalNetwork network(device, {.quantiser = {.block = 2}});
    InNetworkAllReduce all_reduce(transport, network);
    Floats residual(2), total(2), plain(2);
    for (int step = 0; step < kSteps; ++step) {
      Floats values = {1.0f, 0.3f / 127};
      const auto bytes = std::as_writable_bytes(std::span(values)).data();
      all_reduce.all_reduce({.count = 2, .input = bytes, .output = bytes}, {.residual = residual});
      for (int i = 0; i < 2; ++i) total[i] += values[i];
      Floats again = {1.0f, 0.3f / 127};
      all_reduce.average(again, 0);
      plain[1] += again[1];
    }
    EXPECT_EQ(plain[1], 0.0f);
    EXPECT_NEAR(total[1], kSteps * 0.3f / 127, 1.1f / 127);
    EXPECT_NEAR(total[0], kSteps, 1.1f / 127 + 1e-3f);
  });
}

TEST(OpticalAllReduce, ErrorFeedbackForgetsABlockWithANan) {
  const fabric::SingleDevice device = exact_device(8, 2, codec::Rounding::nearest);
  run_ranks(2, {}, [&](Transport& transport) {
    const OpticalNetwork network(device, {.quantiser = {.block = 2}});
    InNetworkAllReduce all_reduce(transport, network);
    Floats residual(4, 0.001f), values = {1.0f, NAN, 1.0f, 0.3f / 127};
    const auto bytes = std::as_writable_bytes(std::span(values)).data();
    all_reduce.all_reduce({.count = 4, .input = bytes, .output = bytes}, {.residual = residual});
    EXPECT_TRUE(std::isnan(values[0]));
    EXPECT_EQ(residual[0], 0.0f);
    EXPECT_EQ(residual[1], 0.0f);
    EXPECT_NE(residual[3], 0.0f);
  });
}

// The light of rank 1 does not arrive: the average over the others, and the count says so. (Its gradient is zero here:
// it would still take part in the scales.)
TEST(OpticalAllReduce, ADarkPortIsLeftOutOfTheAverageAndTheCount) {
  const fabric::SingleDevice device = exact_device(8, 4, codec::Rounding::nearest);
  std::vector<Floats> inputs = draw_gradients(3, 300, 8);
  inputs[1] = Floats(300);
  const Outcome dark = average(inputs, device, {.dark_ports = {1}}, {}, 0);
  const Outcome of_the_others = average({inputs[0], inputs[2]}, device, {}, {}, 0);
  for (int rank = 0; rank < 3; ++rank) {
    EXPECT_EQ(bits_of(dark.values[rank]), bits_of(of_the_others.values[0]));
    EXPECT_EQ(dark.stats[rank].servers, 2);
  }
}

}  // namespace
}  // namespace optinc::collective
