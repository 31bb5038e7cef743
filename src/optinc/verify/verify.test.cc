#include "optinc/verify/verify.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "optinc/base/error.h"
#include "optinc/device/exact_averager.h"
#include "optinc/device/testing.h"

namespace optinc::verify {
namespace {

using device::DeviceShape;
using testing::ElementsAre;
using testing::Pair;

/// The exact averager, but with `error` added to the last symbol's level wherever all inputs are at most `below`.
class Faulty : public device::Averager {
 public:
  Faulty(const DeviceShape& shape, float error, float below)
      : Averager(shape), exact_(shape), error_(error), below_(below) {}
  void average(std::size_t count, const float* inputs, float* outputs) const override {
    exact_.average(count, inputs, outputs);
    for (std::size_t i = 0; i < count; ++i) {
      bool hit = true;
      for (int k = 0; k < shape().inputs; ++k) hit = hit && inputs[i * shape().inputs + k] <= below_;
      if (hit) outputs[(i + 1) * shape().symbols() - 1] += error_;
    }
  }

 private:
  device::ExactAverager exact_;
  float error_, below_;
};

RC_GTEST_PROP(VerifyProperty, TheExactAveragerIsRightOnEveryInput, ()) {
  const DeviceShape shape = device::arbitrary_shape(/*most_bits=*/8, /*most_servers=*/4, device::arbitrary_role());
  const Verification found = verify(device::ExactAverager(shape), {});
  RC_ASSERT(found.inputs == shape.input_count());
  RC_ASSERT(found.wrong == 0u);
  RC_ASSERT(found.errors.empty());
  RC_ASSERT(found.largest_analog_error() == 0.0);
}

// 8 bits, 4 servers: all inputs at most 1/4 means S_k in {0, 1}: 2^4 = 16 inputs. Their largest sum is 64 + 16 + 4 + 1
// = 85, floor(85 / 4) = 21 ends in the symbol 1: the last symbol is 0 or 1, and 2 more is always seen as 2 more.
TEST(Verify, CountsWrongInputsAndTheirErrors) {
  const DeviceShape shape{8, 4, 4};
  const Verification found = verify(Faulty(shape, 2.0f, 0.25f), {});
  EXPECT_EQ(found.inputs, 28561u);
  EXPECT_EQ(found.wrong, 16u);
  EXPECT_THAT(found.errors, ElementsAre(Pair(2, 16u)));
  EXPECT_EQ(found.first_wrong, 0u);
  EXPECT_DOUBLE_EQ(found.largest_analog_error(), 2.0);
}

TEST(Verify, AnErrorBelowHalfALevelIsSeenButNotWrong) {
  const Verification found = verify(Faulty({8, 4, 4}, 0.4f, 3.0f), {});
  EXPECT_EQ(found.wrong, 0u);
  EXPECT_NEAR(found.largest_analog_error(), 0.4, 1e-6);
}

TEST(Verify, ALevelThatIsNoNumberIsAnInfiniteErrorAndNullInJson) {
  const Verification found = verify(Faulty({4, 2, 2}, std::numeric_limits<float>::quiet_NaN(), 3.0f), {});
  EXPECT_TRUE(std::isinf(found.largest_analog_error()));
  EXPECT_TRUE(to_json(found)["largest_analog_error"].is_null());
}

RC_GTEST_PROP(VerifyProperty, RangesAndThreadsDoNotShow, ()) {
  const DeviceShape shape{8, 4, 4};
  const Faulty faulty(shape, 1.0f, 1.0f);
  const Verification whole = verify(faulty, {.threads = 1});
  const auto cut = *rc::gen::inRange<std::uint64_t>(1, shape.input_count());
  Verification parts = verify(faulty, {.threads = 2, .first = cut});
  parts.merge(verify(faulty, {.threads = 2, .count = cut}));
  RC_ASSERT(parts.inputs == whole.inputs);
  RC_ASSERT(parts.wrong == whole.wrong);
  RC_ASSERT(parts.errors == whole.errors);
  RC_ASSERT(parts.first_wrong == whole.first_wrong);
}

RC_GTEST_PROP(VerifyProperty, TheSharesOfRanksMakeTheWhole, ()) {
  const Faulty faulty({8, 4, 4}, 1.0f, 1.0f);
  VerifyOptions options{.threads = 1, .sampled = *rc::gen::arbitrary<bool>(), .keep_wrong = 20};
  options.count = *rc::gen::inRange<std::uint64_t>(1, 20'000);
  const Verification whole = verify(faulty, options);
  options.ranks = *rc::gen::inRange(1, 30);
  Verification merged;
  for (options.rank = 0; options.rank < options.ranks; ++options.rank) {
    merged.merge(from_bytes(to_bytes(verify(faulty, options))), options.keep_wrong);
  }
  merged.seconds = whole.seconds;
  RC_ASSERT(merged == whole);
}

TEST(Verify, BytesKeepAll) {
  const Verification all{.inputs = std::uint64_t{1} << 62,
                         .wrong = 3,
                         .errors = {{-64, 1}, {1, 2}},
                         .largest_errors = {0.1, std::numeric_limits<double>::infinity()},
                         .first_wrong = 7,
                         .wrong_numbers = {7, 8},
                         .seconds = 0.5};
  EXPECT_EQ(from_bytes(to_bytes(all)), all);
  EXPECT_EQ(from_bytes(to_bytes({})), Verification{});
}

// 16 of 28,561 inputs are wrong (above): of 100,000 draws 56 on average, standard deviation 7.5. Outside of 15 .. 97
// (5.5 deviations) less often than once in 10^6 seeds, and the seed is fixed.
TEST(Verify, ASampleIsDrawnUniformly) {
  const Faulty faulty({8, 4, 4}, 2.0f, 0.25f);
  const Verification all = verify(faulty, {.keep_wrong = 100});
  const Verification found = verify(faulty, {.count = 100'000, .sampled = true, .seed = 3, .keep_wrong = 100});
  EXPECT_EQ(found.inputs, 100'000u);
  EXPECT_NEAR(static_cast<double>(found.wrong), 56, 41);
  EXPECT_THAT(all.wrong_numbers, testing::IsSupersetOf(found.wrong_numbers));
  EXPECT_EQ(all.wrong_numbers.size(), 16u);
  EXPECT_EQ(found.wrong_numbers.front(), found.first_wrong);
  EXPECT_TRUE(std::ranges::is_sorted(found.wrong_numbers));
}

TEST(Verify, RefusesASampleOfNone) {
  EXPECT_THROW(verify(device::ExactAverager({4, 2, 2}), {.sampled = true}), base::InputError);
}

TEST(Verify, TheJsonListsErrorsLargestCountFirstWithTheirShares) {
  Verification found;
  found.inputs = 1000;
  found.wrong = 10;
  found.errors = {{-64, 1}, {1, 9}};
  found.seconds = 2;
  const base::Json json = to_json(found);
  EXPECT_EQ(json["accuracy"], 0.99);
  EXPECT_EQ(json["errors"].dump(), R"([{"value":1,"count":9,"share":0.9},{"value":-64,"count":1,"share":0.1}])");
  EXPECT_EQ(json["inputs_per_second"], 500);
}

TEST(Verify, RefusesARangeBeyondTheInputs) {
  EXPECT_THROW(verify(device::ExactAverager({4, 2, 2}), {.first = 49}), base::InputError);  // 7^2 inputs: 0 .. 48
}

}  // namespace
}  // namespace optinc::verify
