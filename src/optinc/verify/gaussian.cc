#include "optinc/verify/gaussian.h"

#include <array>
#include <cmath>
#include <numbers>

#include "optinc/base/random.h"

namespace optinc::verify {

void add_gaussians(std::uint64_t seed, std::uint64_t stream, float scale, std::size_t count, float* values) {
  const base::CounterStream words(seed, stream);
  std::array<float, 4> four;
  for (std::size_t begin = 0; begin < count; begin += four.size()) {
    const std::array<std::uint32_t, 4> block = words.block(begin / four.size());
    for (std::size_t pair = 0; pair < four.size(); pair += 2) {
      // In (0, 1]: its logarithm is finite.
      const float uniform = (static_cast<float>(block[pair]) + 1.0f) * 0x1p-32f;
      const float radius = scale * std::sqrt(-2 * std::log(uniform));
      const float angle = static_cast<float>(block[pair + 1]) * (2 * std::numbers::pi_v<float> * 0x1p-32f);
      four[pair] = radius * std::cos(angle);
      four[pair + 1] = radius * std::sin(angle);
    }
    for (std::size_t i = 0; i < four.size() && begin + i < count; ++i) values[begin + i] += four[i];
  }
}

}  // namespace optinc::verify
