#include <algorithm>
#include <bit>
#include <cfloat>
#include <cmath>

#include "optinc/codec/block_quantiser.h"
#include "optinc/codec/block_quantiser_checks.h"
#include "optinc/codec/pam4.h"

namespace optinc::codec::reference {
namespace {

/// The scale code of a block that holds `value` alone; a block's is the largest of its elements'.
std::uint16_t scale_of_value(float value, ScaleFormat format) {
  const std::uint32_t pattern = std::bit_cast<std::uint32_t>(std::fabs(value));
  if (format == ScaleFormat::exponent8) return static_cast<std::uint16_t>(pattern >> 23);
  if (!std::isfinite(value)) return kAbsmax16NonFinite;
  if (pattern > 0x7F7F0000) return 0x7F7F;
  const bool exact = pattern % 0x10000 == 0;
  return static_cast<std::uint16_t>(pattern / 0x10000 + (exact ? 0 : 1));
}

}  // namespace

void local_scales(std::span<const float> values, const QuantiserOptions& options, std::span<std::uint16_t> scales) {
  check_lengths(values.size(), scales.size(), options);
  std::ranges::fill(scales, std::uint16_t{0});
  for (std::size_t n = 0; n < values.size(); ++n) {
    std::uint16_t& scale = scales[n / options.block];
    scale = std::max(scale, scale_of_value(values[n], options.scale_format));
  }
}

void quantise(std::span<const float> values, std::span<const std::uint16_t> scales, const QuantiserOptions& options,
              const base::CounterStream& stream, std::uint64_t first_element, std::span<std::uint32_t> codes) {
  check_lengths(values.size(), scales.size(), codes.size(), options);
  const double limit = largest_quantum(options.bits);
  for (std::size_t n = 0; n < values.size(); ++n) {
    const double step = step_of(scales[n / options.block], options);
    double q = 0;
    if (step != 0 && !std::isnan(values[n])) {
      const double ratio = values[n] / step;
      q = options.rounding == QuantiserRounding::half_even ? std::nearbyint(ratio)
                                                           : std::floor(ratio + stream.uniform(first_element + n));
      q = std::clamp(q, -limit, limit);
    }
    codes[n] = static_cast<std::uint32_t>(static_cast<std::int64_t>(q) + zero_code(options.bits));
  }
}

std::size_t dequantise(std::span<const std::uint32_t> codes, std::span<const std::uint16_t> scales,
                       const QuantiserOptions& options, double gain, std::span<float> values) {
  check_lengths(values.size(), scales.size(), codes.size(), options);
  check_gain(gain);
  for (std::size_t n = 0; n < values.size(); ++n) {
    const std::uint16_t scale = scales[n / options.block];
    const double step = step_of(scale, options);
    if (is_non_finite(options.scale_format, scale)) {
      values[n] = std::bit_cast<float>(kNanBits);
    } else if (step == 0) {
      values[n] = 0;
    } else {
      const double q = static_cast<double>(codes[n]) - zero_code(options.bits);
      values[n] = static_cast<float>(std::clamp<double>(q * (step * gain), -FLT_MAX, FLT_MAX));
    }
  }
  return std::ranges::count_if(scales, [&](std::uint16_t scale) { return is_non_finite(options.scale_format, scale); });
}

}  // namespace optinc::codec::reference
