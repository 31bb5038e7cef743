#include "optinc/backend/residuals.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

namespace optinc::backend {
namespace {

TEST(Residuals, BelongToMemoryPlaceAndLength) {
  Residuals residuals;
  const at::Tensor tensor = at::zeros({10});
  const std::span<float> first = residuals.of(tensor);
  ASSERT_EQ(first.size(), 10);
  EXPECT_EQ(first[3], 0);
  first[3] = 7;
  EXPECT_EQ(residuals.of(tensor.view({2, 5}))[3], 7);
  EXPECT_EQ(residuals.of(tensor.narrow(0, 0, 5)).size(), 5);
  EXPECT_EQ(residuals.of(tensor.narrow(0, 5, 5))[3], 0);
  EXPECT_EQ(residuals.of(at::zeros({10}))[3], 0);
  EXPECT_EQ(residuals.of(tensor)[3], 7);
}

// Whatever addresses the allocators give: memory that is new has a residual that is new.
TEST(Residuals, EndWithTheMemory) {
  Residuals residuals;
  for (int round = 0; round < 100; ++round) {
    const at::Tensor tensor = at::zeros({10});
    EXPECT_EQ(residuals.of(tensor)[0], 0);
    residuals.of(tensor)[0] = 1;
  }
}

}  // namespace
}  // namespace optinc::backend
