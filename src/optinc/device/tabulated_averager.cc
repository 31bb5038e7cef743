#include "optinc/device/tabulated_averager.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "optinc/base/error.h"
#include "optinc/base/parallel.h"
#include "optinc/codec/pam4.h"
#include "optinc/device/preprocessing.h"

namespace optinc::device {

TabulatedAverager::TabulatedAverager(const Averager& averager, int threads) : Averager(averager.shape()) {
  const std::uint64_t count = shape().input_count();
  base::require(count <= kMaxInputs, "a table of {} inputs: expected at most {}", count, kMaxInputs);
  const std::size_t inputs = shape().inputs, symbols = shape().symbols();
  levels_.resize(count * symbols);
  base::parallel_for(count, 4096, threads, [&](std::size_t begin, std::size_t end, int) {
    std::vector<std::int32_t> steps((end - begin) * inputs);
    std::vector<float> levels(steps.size());
    shape().enumerate_steps(begin, end - begin, steps.data());
    levels_of_steps(shape(), end - begin, steps.data(), levels.data());
    averager.average(end - begin, levels.data(), levels_.data() + begin * symbols);
  });
}

void TabulatedAverager::average(std::size_t count, const float* inputs, float* outputs) const {
  const int input_count = shape().inputs, symbols = shape().symbols();
  std::array<std::uint64_t, codec::kMaxBits> radix{};
  std::array<std::int32_t, codec::kMaxBits> first{};
  std::array<float, codec::kMaxBits> steps_per_level{};
  for (int k = 0; k < input_count; ++k) {
    first[k] = shape().first_step(k);
    steps_per_level[k] = static_cast<float>(shape().steps_per_level(k));
    radix[k] = static_cast<std::uint64_t>(shape().last_step(k) - first[k]) + 1;
  }
  for (std::size_t i = 0; i < count; ++i) {
    std::uint64_t index = 0;
    for (int k = 0; k < input_count; ++k) {
      const auto step = static_cast<std::int32_t>(inputs[i * input_count + k] * steps_per_level[k] + 0.5f);
      index = index * radix[k] + static_cast<std::uint64_t>(step - first[k]);
    }
    std::copy_n(levels_.data() + index * symbols, symbols, outputs + i * symbols);
  }
}

}  // namespace optinc::device
