#include "optinc/cli/reducers.h"

#include <functional>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "optinc/base/error.h"
#include "optinc/base/random.h"
#include "optinc/collective/thread_transport.h"

namespace optinc::cli {
namespace {

using base::InputError;
using testing::HasSubstr;
using testing::ThrowsMessage;

constexpr std::size_t kCount = 1000;

std::vector<float> gradient_of(int rank) {
  const base::CounterStream random(3, rank);
  std::vector<float> values(kCount);
  for (std::size_t i = 0; i < kCount; ++i) values[i] = static_cast<float>(random.uniform(i) - 0.5);
  return values;
}

struct Reduced {
  std::vector<float> values;                  // the same at every rank
  std::vector<std::vector<float>> residuals;  // [rank]
};

/// The all-reduce of step `step` (from 1), with these residuals before it (empty: no error feedback).
Reduced reduce(const ReducerOptions& options, int ranks, int step,
               const std::vector<std::vector<float>>& residuals = {}) {
  std::vector<std::vector<float>> outputs(ranks);
  Reduced reduced{.values = {}, .residuals = residuals};
  collective::run_ranks(ranks, {}, [&](collective::Transport& transport) {
    const int rank = transport.rank();
    const auto reducer = make_reducer(options, 1, transport);
    outputs[rank] = gradient_of(rank);
    std::byte* const bytes = std::as_writable_bytes(std::span(outputs[rank])).data();
    const std::span<float> residual = residuals.empty() ? std::span<float>() : reduced.residuals[rank];
    reducer->all_reduce().all_reduce({.count = kCount, .input = bytes, .output = bytes},
                                     {.first_element = (step - 1) * kCount, .residual = residual});
  });
  EXPECT_THAT(outputs, testing::Each(outputs[0]));
  reduced.values = outputs[0];
  return reduced;
}

std::vector<float> mean_of(const std::vector<int>& ranks, float more = 0) {
  std::vector<float> mean(kCount);
  for (std::size_t i = 0; i < kCount; ++i) {
    double sum = 0;
    for (const int rank : ranks) sum += gradient_of(rank)[i] + more;
    mean[i] = static_cast<float>(sum / static_cast<double>(ranks.size()));
  }
  return mean;
}

ReducerOptions ideal(int bits) {
  return {.reduce = "optinc", .optics = {}, .bits = bits};
}

// 16 bits of values below 1/2 are steps of 1.6e-5; a result is off by one for the servers' rounding and one for its
// own.
TEST(Reducers, ALostPortLeavesTheAverageOfTheOthers) {
  ReducerOptions options = ideal(16);
  options.lose_port = "1@3";
  constexpr double kTwoSteps = 3.2e-5;
  EXPECT_THAT(reduce(options, 4, 2).values, testing::Pointwise(testing::FloatNear(kTwoSteps), mean_of({0, 1, 2, 3})));
  EXPECT_THAT(reduce(options, 4, 3).values, testing::Pointwise(testing::FloatNear(2 * kTwoSteps), mean_of({0, 2, 3})));
}

TEST(Reducers, WhenTheDeviceIsGoneARingTakesOver) {
  ReducerOptions options = ideal(4);
  options.fail_step = 3;
  const std::vector<float> ring = reduce({.reduce = "ring", .optics = {}}, 4, 3).values;
  EXPECT_NE(reduce(options, 4, 2).values, ring);
  EXPECT_EQ(reduce(options, 4, 3).values, ring);
}

// What was carried over goes along once.
TEST(Reducers, TheRingThatTakesOverSendsWhatErrorFeedbackCarriedOver) {
  ReducerOptions options = ideal(4);
  options.fail_step = 1;
  const Reduced first = reduce(options, 2, 1, std::vector(2, std::vector<float>(kCount, 0.25f)));
  EXPECT_THAT(first.values, testing::Pointwise(testing::FloatNear(1e-6), mean_of({0, 1}, 0.25f)));
  EXPECT_THAT(first.residuals, testing::Each(testing::Each(0.0f)));
  EXPECT_EQ(reduce(options, 2, 2, first.residuals).values, reduce({.reduce = "ring", .optics = {}}, 2, 2).values);
}

// Two levels of 2 ports for 4 workers: the exact cascade is one device of 4 ports; the basic one loses decimals.
TEST(Reducers, AnIdealCascadeIsExactAndTheBasicOneIsNot) {
  const auto of = [](const std::string& name) {
    ReducerOptions options = ideal(8);
    options.reduce = name;
    options.rounding = "floor";
    return reduce(options, 4, 1).values;
  };
  EXPECT_EQ(of("optinc-cascade"), of("optinc"));
  EXPECT_NE(of("optinc-cascade-basic"), of("optinc"));
}

TEST(Reducers, RefuseWhatCanNotBe) {
  const auto with = [](const std::function<void(ReducerOptions&)>& change, int ranks = 2) {
    ReducerOptions options = ideal(8);
    change(options);
    return [options, ranks] { reduce(options, ranks, 1); };
  };
  EXPECT_THAT(with([](ReducerOptions& o) { o.reduce = "tree"; }),
              ThrowsMessage<InputError>(HasSubstr("--reduce tree")));
  EXPECT_THAT(with([](ReducerOptions& o) { o.lose_port = "2@1"; }),
              ThrowsMessage<InputError>(HasSubstr("--lose-port 2@1: expected a port of one of the 2 workers")));
  EXPECT_THAT(with([](ReducerOptions& o) { o.lose_port = "0@1"; }, 1), ThrowsMessage<InputError>(HasSubstr("others")));
  EXPECT_THAT(with([](ReducerOptions& o) { o.lose_port = "1"; }), ThrowsMessage<InputError>(HasSubstr("PORT@STEP")));
  EXPECT_THAT(with([](ReducerOptions& o) { o.inject = "table2:3-6"; }),
              ThrowsMessage<InputError>(HasSubstr("that table is about one device of 16 bits")));
  EXPECT_THAT(with([](ReducerOptions& o) {
                o.reduce = "optinc-cascade";
                o.ports = 1024;
              }),
              ThrowsMessage<InputError>(HasSubstr("--ports 1024")));
  EXPECT_THAT(with([](ReducerOptions& o) { o.reduce = "chip"; }), ThrowsMessage<InputError>(HasSubstr("--program")));
}

}  // namespace
}  // namespace optinc::cli
