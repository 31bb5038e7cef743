#include "optinc/device/splitting.h"

namespace optinc::device {

void receive(const DeviceShape& shape, std::size_t count, const float* levels, std::uint32_t* codes) {
  const int symbols = shape.symbols();
  const float top_of_first = shape.bits % 2 == 0 ? 3.0f : 1.0f;
  for (std::size_t i = 0; i < count; ++i) {
    std::uint32_t code = 0;
    for (int m = 0; m < symbols; ++m) {
      const float top = m == 0 ? top_of_first : 3.0f;
      // Ordered so that NaN fails the first comparison and becomes 0.
      const float level = levels[i * symbols + m];
      const float kept = level > 0.0f ? (level < top ? level : top) : 0.0f;
      code = code << 2 | static_cast<std::uint32_t>(kept + 0.5f);
    }
    codes[i] = code;
  }
}

}  // namespace optinc::device
