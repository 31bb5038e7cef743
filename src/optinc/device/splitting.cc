#include "optinc/device/splitting.h"

#include <array>

#include "optinc/codec/pam4.h"

namespace optinc::device {

void receive(const DeviceShape& shape, std::size_t count, const float* levels, std::uint32_t* codes) {
  const int symbols = shape.symbols();
  const auto steps = static_cast<std::uint32_t>(shape.steps_per_output_level());
  std::array<std::uint32_t, codec::kMaxBits> top{};
  top.fill(3);
  if (shape.bits % 2 != 0) top[0] = 1;
  // The last symbol is measured in steps of its own.
  top[symbols - 1] = (top[symbols - 1] + 1) * steps - 1;
  for (std::size_t i = 0; i < count; ++i) {
    std::uint32_t code = 0;
    for (int m = 0; m < symbols; ++m) {
      const std::uint32_t scale = m == symbols - 1 ? steps : 1;
      const float level = levels[i * symbols + m] * static_cast<float>(scale);
      const auto highest = static_cast<float>(top[m]);
      // Ordered so that NaN fails the first comparison and becomes 0.
      const float kept = level > 0.0f ? (level < highest ? level : highest) : 0.0f;
      code = code * 4 * scale + static_cast<std::uint32_t>(kept + 0.5f);
    }
    codes[i] = code;
  }
}

}  // namespace optinc::device
