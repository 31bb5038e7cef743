#include "optinc/onn/forward.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "optinc/base/random.h"

namespace optinc::onn {
namespace {

using testing::ElementsAre;

std::vector<float> random_numbers(std::size_t count, std::uint64_t seed, double scale) {
  const base::CounterStream stream(seed, 0);
  std::vector<float> numbers(count);
  for (std::size_t i = 0; i < count; ++i) numbers[i] = static_cast<float>(scale * (2 * stream.uniform(i) - 1));
  return numbers;
}

/// Weights of a size that keeps levels near 1.
Network random_network(const std::vector<int>& widths, std::uint64_t seed) {
  Network network;
  for (std::size_t i = 0; i + 1 < widths.size(); ++i) {
    const int inputs = widths[i];
    const int outputs = widths[i + 1];
    network.layers.push_back(
        {outputs, inputs,
         random_numbers(static_cast<std::size_t>(outputs) * inputs, 2 * i + seed, std::sqrt(6.0 / inputs)),
         random_numbers(outputs, 2 * i + 1 + seed, 1)});
  }
  return network;
}

std::vector<float> run(const Network& network, const std::vector<float>& inputs) {
  const std::size_t count = inputs.size() / network.inputs();
  std::vector<float> outputs(count * network.outputs());
  forward(network, count, inputs.data(), outputs.data());
  return outputs;
}

std::vector<int> any_widths() {
  const auto layers = *rc::gen::inRange<std::size_t>(1, 6);
  return *rc::gen::container<std::vector<int>>(layers + 1, rc::gen::inRange(1, 90));
}

// Layer 1: relu(2 a - 1, -a + b + 0.5); layer 2: sum of both - 1.
// a = 1, b = 2: (1, 1.5) -> 1.5. a = 0, b = -3: (0, 0) -> -1: the last layer has no ReLU.
TEST(Forward, ComputesTwoLayersByHand) {
  const Network network{{{2, 2, {2, 0, -1, 1}, {-1, 0.5}}, {1, 2, {1, 1}, {-1}}}};
  EXPECT_THAT(run(network, {1, 2, 0, -3}), ElementsAre(1.5, -1));
}

TEST(Forward, OfNoRowsWritesNothing) {
  const Network network = random_network({4, 8, 4}, 1);
  float untouched = 7;
  forward(network, 0, nullptr, &untouched);
  EXPECT_EQ(untouched, 7);
}

TEST(Forward, LetsNanThrough) {
  const Network network = random_network({2, 3, 1}, 2);
  const std::vector<float> outputs = run(network, {0, 0, std::numeric_limits<float>::quiet_NaN(), 0});
  EXPECT_TRUE(std::isfinite(outputs[0]));
  EXPECT_TRUE(std::isnan(outputs[1]));
}

RC_GTEST_PROP(Forward, EqualsTheReferenceWithinFloatError, ()) {
  const std::vector<int> widths = any_widths();
  const Network network = random_network(widths, *rc::gen::arbitrary<std::uint32_t>());
  const auto count = *rc::gen::inRange<std::size_t>(0, 200);
  const std::vector<float> inputs = random_numbers(count * widths.front(), *rc::gen::arbitrary<std::uint32_t>(), 3);
  const std::vector<float> outputs = run(network, inputs);
  std::vector<double> expected(outputs.size());
  reference::forward(network, count, inputs.data(), expected.data());
  for (std::size_t i = 0; i < outputs.size(); ++i) RC_ASSERT(std::abs(outputs[i] - expected[i]) < 2e-4);
}

/// The sums as forward.h promises them: bias first, then every product in order by a fused multiply-add.
std::vector<float> fused_in_order(const Network& network, std::vector<float> levels) {
  for (const Layer& layer : network.layers) {
    std::vector<float> sums = layer.bias;
    for (std::size_t i = 0; i < sums.size(); ++i) {
      for (std::size_t k = 0; k < levels.size(); ++k) {
        sums[i] = std::fma(layer.weight[i * levels.size() + k], levels[k], sums[i]);
      }
      if (&layer != &network.layers.back()) sums[i] = std::max(sums[i], 0.0f);
    }
    levels = std::move(sums);
  }
  return levels;
}

#if defined(__x86_64__)
RC_GTEST_PROP(Forward, EqualsFusedSumsInOrderToTheBit, ()) {
  if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma"))
    RC_SUCCEED("this CPU has no fused multiply-add");
  const std::vector<int> widths = any_widths();
  const Network network = random_network(widths, *rc::gen::arbitrary<std::uint32_t>());
  const std::vector<float> row = random_numbers(widths.front(), *rc::gen::arbitrary<std::uint32_t>(), 3);
  RC_ASSERT(run(network, row) == fused_in_order(network, row));
}
#endif

RC_GTEST_PROP(Forward, OfARowDoesNotDependOnItsCompany, ()) {
  const std::vector<int> widths = any_widths();
  const Network network = random_network(widths, *rc::gen::arbitrary<std::uint32_t>());
  const auto k = static_cast<std::size_t>(widths.front());
  const auto m = static_cast<std::size_t>(widths.back());
  const std::vector<float> row = random_numbers(k, *rc::gen::arbitrary<std::uint32_t>(), 3);
  const std::vector<float> alone = run(network, row);

  const auto count = *rc::gen::inRange<std::size_t>(1, 200);
  const auto place = *rc::gen::inRange<std::size_t>(0, count);
  std::vector<float> inputs = random_numbers(count * k, *rc::gen::arbitrary<std::uint32_t>(), 100);
  std::ranges::copy(row, inputs.begin() + static_cast<std::ptrdiff_t>(place * k));
  const std::vector<float> together = run(network, inputs);
  for (std::size_t i = 0; i < m; ++i) {
    RC_ASSERT(std::bit_cast<std::uint32_t>(together[place * m + i]) == std::bit_cast<std::uint32_t>(alone[i]));
  }
}

// The paper's structure: every place in a block, at once.
TEST(Forward, GivesEqualRowsEqualBitsAtEveryPlace) {
  const Network network = random_network({4, 64, 128, 256, 128, 64, 4}, 3);
  const std::vector<float> row = random_numbers(4, 4, 3);
  std::vector<float> inputs;
  for (std::size_t i = 0; i < 273; ++i) inputs.insert(inputs.end(), row.begin(), row.end());
  const std::vector<float> outputs = run(network, inputs);
  const std::vector<float> alone = run(network, row);
  for (std::size_t i = 0; i < outputs.size(); ++i) ASSERT_EQ(outputs[i], alone[i % 4]) << i;
}

TEST(Forward, GivesTheSameOnSeveralThreadsAtOnce) {
  const Network small = random_network({4, 16, 4}, 5);
  const Network large = random_network({4, 64, 128, 64, 4}, 6);
  const std::vector<float> inputs = random_numbers(4 * 1000, 7, 3);
  const std::vector<float> expected_small = run(small, inputs);
  const std::vector<float> expected_large = run(large, inputs);
  std::vector<std::vector<float>> small_results(4);
  std::vector<std::vector<float>> large_results(4);
  {
    std::vector<std::jthread> threads;
    for (std::size_t t = 0; t < 4; ++t) {
      threads.emplace_back([&, t] {
        small_results[t] = run(small, inputs);
        large_results[t] = run(large, inputs);
      });
    }
  }
  for (std::size_t t = 0; t < 4; ++t) {
    EXPECT_EQ(small_results[t], expected_small);
    EXPECT_EQ(large_results[t], expected_large);
  }
}

}  // namespace
}  // namespace optinc::onn
