#include "optinc/fabric/end_to_end.h"

#include <array>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "optinc/base/error.h"
#include "optinc/codec/exact_average.h"
#include "optinc/device/exact_averager.h"
#include "optinc/fabric/basic_cascade.h"
#include "optinc/fabric/cascade.h"
#include "optinc/fabric/single_device.h"

namespace optinc::fabric {
namespace {

using codec::Rounding;
using device::DeviceShape;
using device::ExactAverager;

DeviceShape shape_of(onn::Role role, Rounding rounding = Rounding::floor) {
  return {.bits = 4, .servers = 3, .inputs = 2, .rounding = rounding, .role = role};
}

/// Exact, but for inputs of number 10 j + 3, where the last level is off by a tenth of a step times the sign.
class OffAtSome : public device::Averager {
 public:
  explicit OffAtSome(const DeviceShape& shape, float error) : Averager(shape), exact_(shape), error_(error) {}
  void average(std::size_t count, const float* inputs, float* outputs) const override {
    exact_.average(count, inputs, outputs);
    for (std::size_t i = 0; i < count; ++i) {
      const std::array<std::int32_t, 2> steps = {static_cast<std::int32_t>(3 * inputs[2 * i] + 0.5f),
                                                 static_cast<std::int32_t>(3 * inputs[2 * i + 1] + 0.5f)};
      if (shape().index_of_steps(steps.data()) % 10 == 3) outputs[2 * i + 1] += error_;
    }
  }

 private:
  ExactAverager exact_;
  float error_;
};

std::shared_ptr<Cascade> cascade_of(float error_of_level_1, CascadeMode mode) {
  return std::make_shared<Cascade>(std::make_shared<OffAtSome>(shape_of(onn::Role::cascade_level_1), error_of_level_1),
                                   std::make_shared<ExactAverager>(shape_of(onn::Role::cascade_level_2)),
                                   CascadeOptions{.mode = mode});
}

TEST(EndToEnd, AnExactCascadeIsNeverWrong) {
  const auto cascade = cascade_of(0, CascadeMode::analog);
  const EndToEnd found = check_end_to_end(*cascade, uniform_codes(9, 4, 1), 20'000, 1, 2);
  EXPECT_EQ(found.samples, 20'000u);
  EXPECT_EQ(found.wrong, 0u);
  EXPECT_TRUE(found.errors.empty());
}

// Floor of floors: low, and never by more than 1.
TEST(EndToEnd, TheBasicCascadeLosesDecimals) {
  const auto device = std::make_shared<SingleDevice>(std::make_shared<ExactAverager>(shape_of(onn::Role::single)));
  const EndToEnd found = check_end_to_end(BasicCascade(device, device), uniform_codes(9, 4, 1), 20'000, 1, 0);
  EXPECT_GT(found.wrong_share(), 0.1);
  ASSERT_EQ(found.errors.size(), 1u);
  EXPECT_EQ(found.errors.begin()->first, -1);
  EXPECT_EQ(found.errors.begin()->second, found.wrong);
}

TEST(EndToEnd, DoesNotDependOnThreads) {
  const auto cascade = cascade_of(0.2f, CascadeMode::analog);
  const auto draw = uniform_codes(9, 4, 5);
  const EndToEnd one = check_end_to_end(*cascade, draw, 10'000, 1, 1),
                 two = check_end_to_end(*cascade, draw, 10'000, 1, 2);
  EXPECT_GT(one.wrong, 0u);
  EXPECT_EQ(one.errors, two.errors);
}

// Errors of 0.2 levels at a tenth of the inputs: their third is beyond half a step of 1/9. Uniform samples meet them
// now and then, the adversary always.
TEST(AdversarialCodes, AreHarderThanUniformOnes) {
  const auto cascade = cascade_of(0.2f, CascadeMode::analog);
  const OffAtSome level_1(shape_of(onn::Role::cascade_level_1), 0.2f);
  const auto adversarial = adversarial_codes(level_1, Rounding::floor, 1, 8);
  const EndToEnd hard = check_end_to_end(*cascade, adversarial, 20'000, 1, 0);
  const EndToEnd easy = check_end_to_end(*cascade, uniform_codes(9, 4, 1), 20'000, 1, 0);
  EXPECT_GT(hard.wrong_share(), 2 * easy.wrong_share());
}

// The last device is chosen such that the sum of all nine codes ends just below a multiple of 9 where errors are above.
TEST(AdversarialCodes, LieOnTheEdgeWhereTheListAllowsIt) {
  const OffAtSome level_1(shape_of(onn::Role::cascade_level_1), 0.2f);
  const auto draw = adversarial_codes(level_1, Rounding::floor, 1, 64);
  constexpr std::size_t kCount = 2000;
  std::vector<std::vector<std::uint32_t>> codes(9, std::vector<std::uint32_t>(kCount));
  draw(0, kCount, codes);
  std::size_t on_edge = 0;
  for (std::size_t i = 0; i < kCount; ++i) {
    std::uint32_t sum = 0;
    for (const auto& server : codes) {
      EXPECT_LT(server[i], 16u);
      sum += server[i];
    }
    on_edge += sum % 9 == 8 || sum % 9 == 0 ? 1 : 0;
  }
  EXPECT_GT(on_edge, kCount / 2);
}

TEST(AdversarialCodes, AreForLevel1) {
  EXPECT_THROW(adversarial_codes(ExactAverager(shape_of(onn::Role::single)), Rounding::floor, 1), base::InputError);
}

}  // namespace
}  // namespace optinc::fabric
