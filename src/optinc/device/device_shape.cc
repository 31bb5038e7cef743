#include "optinc/device/device_shape.h"

#include <algorithm>
#include <array>

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
  base::require(servers >= 2 && servers <= 1024, "servers {}: expected 2 .. 1024", servers);
  base::require(inputs >= 1 && inputs <= symbols(), "inputs {}: expected 1 .. {}, the PAM4 symbols of {} bits", inputs,
                symbols(), bits);
  base::require(bits_of_input(0) >= 1,
                "inputs {}: the {} symbols of {} bits in groups of {} leave none for the first of {} inputs", inputs,
                symbols(), bits, symbols_per_input(), inputs);
  for (int k = 0; k < inputs; ++k) {
    base::require(steps_per_level(k) * ((std::int64_t{1} << bits_of_input(k)) - 1) < kMostSteps,
                  "inputs {}: one of {} bits over {} servers has {} steps or more, finer than float32 can tell", inputs,
                  bits_of_input(k), servers, kMostSteps);
  }
  if (role == onn::Role::cascade_level_1) {
    base::require(rounding == codec::Rounding::floor && !every_rounding,
                  "rounding {} at level 1 of a cascade: expected floor, since level 2 rounds",
                  codec::to_string(rounding));
    base::require(servers * (std::int64_t{1} << bits) <= std::int64_t{1} << 32,
                  "bits {} and servers {} at level 1 of a cascade: averages with decimals exceed 32 bits", bits,
                  servers);
  }
  base::require(!every_rounding || rounding == codec::Rounding::floor,
                "rounding {} on the lattice of every rounding: expected floor", codec::to_string(rounding));
}

DeviceShape DeviceShape::on_every_rounding() const {
  DeviceShape shape = *this;
  shape.rounding = codec::Rounding::floor;
  shape.every_rounding = role != onn::Role::cascade_level_1;
  return shape;
}

int DeviceShape::first_step(int k) const {
  return k == inputs - 1 ? light_of_preprocessing(0) : 0;
}

int DeviceShape::last_step(int k) const {
  auto last = static_cast<int>(steps_per_level(k) * ((std::int64_t{1} << bits_of_input(k)) - 1));
  if (k < inputs - 1) return last;
  if (role == onn::Role::cascade_level_2) last += (servers - 1) * servers;
  if (every_rounding) last += codec::constant_light_steps(codec::Rounding::nearest, steps_per_level(k), 0);
  return last + light_of_preprocessing(1);
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
  std::array<std::int32_t, codec::kMaxBits> lowest, highest;
  for (int k = 0; k < inputs; ++k) {
    lowest[k] = first_step(k);
    highest[k] = last_step(k);
  }
  for (std::size_t row = 1; row < count; ++row) {
    const std::int32_t* before = steps + (row - 1) * inputs;
    std::int32_t* now = steps + row * inputs;
    for (int k = 0; k < inputs; ++k) now[k] = before[k];
    int k = inputs - 1;
    for (; k > 0 && now[k] == highest[k]; --k) now[k] = lowest[k];
    ++now[k];
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
  std::uint32_t code = 0;
  exact_codes(1, steps, &code);
  return code;
}

void DeviceShape::exact_codes(std::size_t count, const std::int32_t* steps, std::uint32_t* codes) const {
  const int finest = steps_per_level(inputs - 1);
  std::array<std::uint64_t, codec::kMaxBits> weight;
  for (int k = 0; k < inputs; ++k) {
    weight[k] = static_cast<std::uint64_t>(finest / steps_per_level(k)) << shift_of_input(k);
  }
  // A level 1 keeps the decimals.
  const auto divisor = static_cast<std::uint64_t>(role == onn::Role::cascade_level_1 ? 1 : finest);
  const auto light = static_cast<std::uint64_t>(
      role == onn::Role::cascade_level_1 ? 0 : codec::constant_light_steps(averager_rounding(), finest, 0));
  const std::uint64_t highest = ((std::uint64_t{1} << bits) - 1) * steps_per_output_level();
  for (std::size_t i = 0; i < count; ++i) {
    std::uint64_t sum = light;
    for (int k = 0; k < inputs; ++k) sum += static_cast<std::uint64_t>(*steps++) * weight[k];
    codes[i] = static_cast<std::uint32_t>(std::min(sum / divisor, highest));
  }
}

void DeviceShape::levels_of_code(std::uint32_t code, float* levels) const {
  levels_of_codes(1, &code, levels);
}

void DeviceShape::levels_of_codes(std::size_t count, const std::uint32_t* codes, float* levels) const {
  const auto steps = static_cast<std::uint32_t>(steps_per_output_level());
  const int most = symbols();
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint32_t whole = steps == 1 ? codes[i] : codes[i] / steps;
    for (int shift = 2 * (most - 1); shift >= 0; shift -= 2) *levels++ = static_cast<float>(whole >> shift & 3u);
    if (steps != 1) levels[-1] += static_cast<float>(codes[i] % steps) / static_cast<float>(steps);
  }
}

}  // namespace optinc::device
