#include "optinc/linalg/sgemm_rate.h"

#include <gtest/gtest.h>

namespace optinc::linalg {
namespace {

TEST(SgemmRate, IsARate) {
  const double gflops = measure_sgemm_gflops(1, 0.01);
  EXPECT_GT(gflops, 0.01);
  EXPECT_LT(gflops, 1e5);
}

}  // namespace
}  // namespace optinc::linalg
