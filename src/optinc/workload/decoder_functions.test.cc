#include "optinc/workload/decoder_functions.h"

#include <cmath>
#include <vector>

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "optinc/base/random.h"

namespace optinc::workload {
namespace {

// Each function against its equation, written out in double precision.

at::Tensor random_tensor(at::IntArrayRef shape, std::uint64_t stream) {
  const base::CounterStream random(9, stream);
  at::Tensor tensor = at::empty(shape);
  for (std::int64_t i = 0; i < tensor.numel(); ++i) {
    tensor.data_ptr<float>()[i] = static_cast<float>(4 * random.uniform(i) - 2);
  }
  return tensor;
}

TEST(RmsNorm, DividesByTheRootOfTheMeanSquare) {
  const at::Tensor x = random_tensor({3, 5}, 1), gain = random_tensor({5}, 2);
  const at::Tensor found = rms_norm(x, gain, 1e-5);
  for (int row = 0; row < 3; ++row) {
    double squares = 0;
    for (int i = 0; i < 5; ++i) squares += std::pow(x[row][i].item<double>(), 2);
    for (int i = 0; i < 5; ++i) {
      const double expected = x[row][i].item<double>() / std::sqrt(squares / 5 + 1e-5) * gain[i].item<double>();
      EXPECT_NEAR(found[row][i].item<double>(), expected, 1e-5);
    }
  }
}

TEST(Swiglu, IsTheSiluOfTheGateTimesTheOtherHalf) {
  const at::Tensor gate_up = random_tensor({2, 6}, 3);
  const at::Tensor found = swiglu(gate_up);
  ASSERT_EQ(found.sizes(), (std::vector<std::int64_t>{2, 3}));
  for (int row = 0; row < 2; ++row) {
    for (int i = 0; i < 3; ++i) {
      const double gate = gate_up[row][i].item<double>(), up = gate_up[row][i + 3].item<double>();
      EXPECT_NEAR(found[row][i].item<double>(), gate / (1 + std::exp(-gate)) * up, 1e-5);
    }
  }
}

/// Entry `i` of the query or key at position `t`, rotated by its position.
double rotated(const std::vector<double>& head, int t, int i) {
  const int half = static_cast<int>(head.size()) / 2, pair = i % half;
  const double angle = t * std::pow(10000.0, -2.0 * pair / static_cast<double>(head.size()));
  return i < half ? head[pair] * std::cos(angle) - head[pair + half] * std::sin(angle)
                  : head[pair] * std::sin(angle) + head[pair + half] * std::cos(angle);
}

TEST(CausalAttention, IsThatOfRotatedQueriesAndKeys) {
  constexpr int kSequences = 2, kLength = 5, kHeads = 3, kWidth = 4;
  const at::Tensor qkv = random_tensor({kSequences * kLength, 3 * kHeads * kWidth}, 4);
  const at::Tensor found = causal_attention(qkv, rotary_table(kLength + 2, kWidth), kSequences, kHeads);
  ASSERT_EQ(found.sizes(), (std::vector<std::int64_t>{kSequences * kLength, kHeads * kWidth}));

  for (int s = 0; s < kSequences; ++s) {
    for (int h = 0; h < kHeads; ++h) {
      const auto part = [&](int which, int t) {  // 0 query, 1 key, 2 value
        std::vector<double> head(kWidth);
        for (int i = 0; i < kWidth; ++i) {
          head[i] = qkv[s * kLength + t][(which * kHeads + h) * kWidth + i].item<double>();
        }
        return head;
      };
      for (int t = 0; t < kLength; ++t) {
        std::vector<double> expected(kWidth);
        double total = 0;
        for (int from = 0; from <= t; ++from) {
          double score = 0;
          for (int i = 0; i < kWidth; ++i) score += rotated(part(0, t), t, i) * rotated(part(1, from), from, i);
          const double weight = std::exp(score / std::sqrt(kWidth));
          total += weight;
          for (int i = 0; i < kWidth; ++i) expected[i] += weight * part(2, from)[i];
        }
        for (int i = 0; i < kWidth; ++i) {
          EXPECT_NEAR(found[s * kLength + t][h * kWidth + i].item<double>(), expected[i] / total, 1e-5);
        }
      }
    }
  }
}

}  // namespace
}  // namespace optinc::workload
