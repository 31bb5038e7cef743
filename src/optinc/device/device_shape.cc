#include "optinc/device/device_shape.h"

#include "optinc/base/error.h"
#include "optinc/codec/pam4.h"

namespace optinc::device {
namespace {

/// S_k must come back from A_k = S_k / N in float32: two roundings of 2^-24 each leave it within 1/2 up to here.
constexpr std::int64_t kMostSteps = std::int64_t{1} << 22;

}  // namespace

void DeviceShape::check() const {
  base::require(bits >= codec::kMinBits && bits <= codec::kMaxBits, "bits {}: expected {} .. {}", bits, codec::kMinBits,
                codec::kMaxBits);
  base::require(servers >= 2 && servers <= 64, "servers {}: expected 2 .. 64", servers);
  base::require(inputs >= 1 && inputs <= symbols(), "inputs {}: expected 1 .. {}, the PAM4 symbols of {} bits", inputs,
                symbols(), bits);
  base::require(bits_of_input(0) >= 1,
                "inputs {}: the {} symbols of {} bits in groups of {} leave none for the first of {} inputs", inputs,
                symbols(), bits, symbols_per_input(), inputs);
  for (int k = 0; k < inputs; ++k) {
    base::require(servers * ((std::int64_t{1} << bits_of_input(k)) - 1) < kMostSteps,
                  "inputs {}: one of {} bits over {} servers has {} steps or more, finer than float32 can tell", inputs,
                  bits_of_input(k), servers, kMostSteps);
  }
}

int DeviceShape::first_step(int k) const {
  return k == inputs - 1 ? light_of_preprocessing(0) : 0;
}

int DeviceShape::last_step(int k) const {
  const int light = k == inputs - 1 ? light_of_preprocessing(1) : 0;
  return static_cast<int>(servers * ((std::int64_t{1} << bits_of_input(k)) - 1)) + light;
}

std::uint64_t DeviceShape::input_count() const {
  std::uint64_t count = 1;
  for (int k = 0; k < inputs; ++k) {
    const auto steps = static_cast<std::uint64_t>(last_step(k) - first_step(k)) + 1;
    base::require(count <= (std::uint64_t{1} << 63) / steps, "{} bits, {} servers: more than 2^63 possible inputs",
                  bits, servers);
    count *= steps;
  }
  return count;
}

void DeviceShape::enumerate_steps(std::uint64_t first, std::size_t count, std::int32_t* steps) const {
  if (count == 0) return;
  std::uint64_t rest = first;
  for (int k = inputs - 1; k >= 0; --k) {
    const auto radix = static_cast<std::uint64_t>(last_step(k) - first_step(k)) + 1;
    steps[k] = first_step(k) + static_cast<std::int32_t>(rest % radix);
    rest /= radix;
  }
  for (std::size_t row = 1; row < count; ++row) {
    const std::int32_t* before = steps + (row - 1) * inputs;
    std::int32_t* now = steps + row * inputs;
    for (int k = 0; k < inputs; ++k) now[k] = before[k];
    for (int k = inputs - 1; k >= 0; --k) {
      if (now[k] < last_step(k)) {
        ++now[k];
        break;
      }
      now[k] = first_step(k);
    }
  }
}

std::uint64_t DeviceShape::index_of_steps(const std::int32_t* steps) const {
  std::uint64_t index = 0;
  for (int k = 0; k < inputs; ++k) {
    index = index * (static_cast<std::uint64_t>(last_step(k) - first_step(k)) + 1) +
            static_cast<std::uint64_t>(steps[k] - first_step(k));
  }
  return index;
}

std::uint32_t DeviceShape::exact_code(const std::int32_t* steps) const {
  std::uint64_t sum = 0;
  for (int k = 0; k < inputs; ++k) sum += static_cast<std::uint64_t>(steps[k]) << shift_of_input(k);
  const int light = codec::constant_light_steps(averager_rounding(), servers, 0);
  return static_cast<std::uint32_t>((sum + light) / servers);
}

}  // namespace optinc::device
