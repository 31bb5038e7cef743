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
      const double level = inputs[i * device.inputs + k];
      steps[k] = static_cast<std::int32_t>(std::lround(level * device.steps_per_level(k)));
    }
    device.levels_of_code(device.exact_code(steps.data()), outputs + i * device.symbols());
  }
}

}  // namespace optinc::device
