#include "optinc/collective/exact_all_reduce.h"

#include <cmath>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "optinc/base/random.h"
#include "optinc/collective/thread_transport.h"

namespace optinc::collective {
namespace {

std::vector<std::vector<float>> reduced(std::vector<std::vector<float>> inputs, ReduceOp op) {
  run_ranks(static_cast<int>(inputs.size()), {}, [&](Transport& transport) {
    std::vector<float>& values = inputs[transport.rank()];
    std::byte* const bytes = std::as_writable_bytes(std::span(values)).data();
    ExactAllReduce(transport).all_reduce({.count = values.size(), .input = bytes, .output = bytes}, {.op = op});
  });
  return inputs;
}

RC_GTEST_PROP(ExactAllReduce, IsTheAverageRoundedOnce, ()) {
  const auto ranks = *rc::gen::inRange(1, 9);
  const auto count = *rc::gen::inRange<std::size_t>(0, 200);
  const base::CounterStream stream(*rc::gen::inRange<std::uint64_t>(0, 1000), 0);
  std::vector<std::vector<float>> inputs(ranks, std::vector<float>(count));
  std::uint64_t index = 0;
  for (auto& values : inputs) {
    for (float& value : values) value = static_cast<float>(stream.uniform(index++) - 0.5);
  }
  const auto outputs = reduced(inputs, ReduceOp::average);
  for (std::size_t i = 0; i < count; ++i) {
    double sum = 0;
    for (const auto& values : inputs) sum += values[i];
    for (const auto& values : outputs) RC_ASSERT(values[i] == static_cast<float>(sum / ranks));
  }
}

// 1e8 + 1 - 1e8: float32 loses the 1, whatever the order; the exact sum does not.
TEST(ExactAllReduce, KeepsWhatFloat32AdditionLoses) {
  for (const auto& values : reduced({{1e8f}, {1}, {-1e8f}}, ReduceOp::sum)) EXPECT_EQ(values[0], 1);
}

TEST(ExactAllReduce, PassesNanOnAndSumsInEveryType) {
  for (const auto& values : reduced({{NAN, 1}, {1, 2}}, ReduceOp::sum)) {
    EXPECT_TRUE(std::isnan(values[0]));
    EXPECT_EQ(values[1], 3);
  }
  for (const auto type : {codec::ElementType::float16, codec::ElementType::bfloat16}) {
    run_ranks(3, {}, [&](Transport& transport) {
      std::vector<float> values{static_cast<float>(transport.rank()), 8};
      std::vector<std::byte> bytes(4), output(4);
      codec::from_float(values, type, codec::Overflow::to_infinity, bytes.data());
      ExactAllReduce(transport).all_reduce({.type = type, .count = 2, .input = bytes.data(), .output = output.data()},
                                           {.op = ReduceOp::sum});
      codec::to_float(type, output.data(), values);
      EXPECT_EQ(values, (std::vector<float>{3, 24}));
    });
  }
}

}  // namespace
}  // namespace optinc::collective
