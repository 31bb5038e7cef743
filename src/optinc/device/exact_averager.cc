#include "optinc/device/exact_averager.h"

#include <array>
#include <cmath>

#include "optinc/codec/pam4.h"

namespace optinc::device {

void ExactAverager::average(std::size_t count, const float* inputs, float* outputs) const {
  const DeviceShape& device = shape();
  std::array<std::int32_t, codec::kMaxBits> steps{};
  for (std::size_t i = 0; i < count; ++i) {
    for (int k = 0; k < device.inputs; ++k) {
      steps[k] =
          static_cast<std::int32_t>(std::lround(static_cast<double>(inputs[i * device.inputs + k]) * device.servers));
    }
    const std::uint32_t code = device.exact_code(steps.data());
    for (int m = 0; m < device.symbols(); ++m) {
      outputs[i * device.symbols() + m] = static_cast<float>(codec::symbol(code, device.bits, m + 1));
    }
  }
}

}  // namespace optinc::device
