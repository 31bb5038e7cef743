#include "optinc/cli/tensor_parallel_error.h"

#include <gtest/gtest.h>

#include "optinc/base/error.h"

namespace optinc::cli {
namespace {

TensorParallelError with_bits(int bits, codec::Rounding rounding = codec::Rounding::nearest_unbiased) {
  TensorParallelQuestion question;
  question.quantiser.bits = bits;
  question.rounding = rounding;
  return tensor_parallel_error(question);
}

// A bit more is a quarter of the square error, as long as nothing else errs.
TEST(TensorParallelError, FallsByFourABit) {
  const TensorParallelError at_8 = with_bits(8), at_10 = with_bits(10);
  EXPECT_GT(at_8.output_nmse, 0);
  EXPECT_NEAR(at_8.output_nmse / at_10.output_nmse, 16, 2);
  // Of gradients less: a ReLU that flips lets through what it should not, whole.
  EXPECT_GT(at_8.gradient_nmse, at_8.output_nmse);
  EXPECT_GT(at_8.gradient_nmse, 2 * at_10.gradient_nmse);
}

// What floor takes away it takes from every element: the same sign, layer after layer.
TEST(TensorParallelError, FloorIsWorse) {
  EXPECT_GT(with_bits(8, codec::Rounding::floor).output_nmse, 2 * with_bits(8).output_nmse);
}

// One large channel in a hundred widens the scale of all that share its block.
TEST(TensorParallelError, OutliersMakeItWorse) {
  TensorParallelQuestion question;
  const TensorParallelError without = tensor_parallel_error(question);
  question.outlier = 20;
  EXPECT_GT(tensor_parallel_error(question).gradient_nmse, without.gradient_nmse);
}

TEST(TensorParallelError, ManyBitsAreNearlyExact) {
  EXPECT_LT(with_bits(16).output_nmse, 1e-8);
}

TEST(TensorParallelError, RefusesWhatCannotBe) {
  EXPECT_THROW(tensor_parallel_error({.servers = 3, .hidden = 2}), base::InputError);
  EXPECT_THROW(tensor_parallel_error({.layers = 0}), base::InputError);
}

}  // namespace
}  // namespace optinc::cli
