#include "optinc/construct/construct.h"

#include <numeric>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "optinc/base/error.h"
#include "optinc/device/onn_averager.h"
#include "optinc/device/testing.h"
#include "optinc/onn/matrix_approximation.h"
#include "optinc/verify/verify.h"

namespace optinc::construct {
namespace {

using codec::Rounding;
using device::DeviceShape;
using testing::HasSubstr;
using testing::ThrowsMessage;

const std::vector<int> kB8N4 = {4, 64, 128, 256, 128, 64, 4};
const std::vector<int> kB8N8 = {4, 64, 128, 256, 512, 256, 128, 64, 4};
const std::vector<int> kB8N16 = {4, 64, 128, 256, 512, 1024, 512, 256, 128, 64, 4};
const std::vector<int> kB16N4 = {4, 64, 128, 256, 512, 256, 128, 64, 8};

onn::LayerSet all_of(const std::vector<int>& widths) {
  return onn::LayerSet::parse("all", static_cast<int>(widths.size()) - 1);
}

DeviceShape every_rounding(DeviceShape shape) {
  shape.every_rounding = true;
  return shape;
}

double approximation_error(const onn::Design& design) {
  double largest = 0;
  for (std::size_t i = 0; i < design.network.layers.size(); ++i) {
    if (!design.approximated.contains(static_cast<int>(i) + 1)) continue;
    largest = std::max(largest, onn::approximation_error(design.network.layers[i]));
  }
  return largest;
}

void expect_exact(const DeviceShape& shape, const std::vector<int>& widths, const onn::LayerSet& approximated,
                  const verify::VerifyOptions& options = {}) {
  const onn::Design design = construct(shape, widths, approximated);
  EXPECT_NO_THROW(onn::check(design, "constructed"));
  EXPECT_EQ(design.network.widths(), widths);
  EXPECT_LT(approximation_error(design), 1e-6);
  const verify::Verification found = verify::verify(device::OnnAverager(design, shape), options);
  EXPECT_EQ(found.wrong, 0u) << "of " << found.inputs;
  EXPECT_EQ(found.largest_analog_error(), 0);
}

TEST(Construct, EightBitsFourServersIsExactInEveryRounding) {
  expect_exact({8, 4, 4}, kB8N4, all_of(kB8N4));
  expect_exact(every_rounding({8, 4, 4}), kB8N4, all_of(kB8N4));
  expect_exact({8, 4, 4, Rounding::nearest}, kB8N4, all_of(kB8N4));
  expect_exact({8, 4, 4, Rounding::nearest_unbiased}, kB8N4, all_of(kB8N4));
}

}  // namespace
}  // namespace optinc::construct
