#include "optinc/codec/block_quantiser.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>

#include "optinc/base/error.h"
#include "optinc/codec/block_quantiser_checks.h"
#include "optinc/codec/block_quantiser_simd.h"
#include "optinc/codec/pam4.h"

namespace optinc::codec {
namespace {

constexpr std::uint32_t kInfinityBits = 0x7F800000;
constexpr std::uint16_t kLargestBfloat16 = 0x7F7F;

/// `magnitude`: the bit pattern of the largest |x|, NaN and Inf included.
std::uint16_t scale_of_magnitude(std::uint32_t magnitude, ScaleFormat format) {
  if (format == ScaleFormat::exponent8) return static_cast<std::uint16_t>(magnitude >> 23);
  if (magnitude >= kInfinityBits) return kAbsmax16NonFinite;
  return static_cast<std::uint16_t>(std::min<std::uint32_t>((magnitude + 0xFFFF) >> 16, kLargestBfloat16));
}

/// Words first .. first + words.size() - 1 of the stream, four a draw.
void fill_words(const base::CounterStream& stream, std::uint64_t first, std::span<std::uint32_t> words) {
  std::size_t n = 0;
  for (std::uint64_t block = first / 4; n < words.size(); ++block) {
    const std::array<std::uint32_t, 4> four = stream.block(block);
    for (std::uint64_t i = n == 0 ? first % 4 : 0; i < 4 && n < words.size(); ++i) words[n++] = four[i];
  }
}

void quantise_block_stochastically(std::span<const float> values, double step, int bits,
                                   const base::CounterStream& stream, std::uint64_t first_element,
                                   std::span<std::uint32_t> codes) {
  simd::WordTile words{};
  for (std::size_t begin = 0; begin < values.size(); begin += words.size()) {
    const std::size_t count = std::min(words.size(), values.size() - begin);
    fill_words(stream, first_element + begin, std::span(words).first(count));
    simd::quantise_stochastic(values.subspan(begin, count), step, bits, words, codes.subspan(begin, count));
  }
}

}  // namespace

std::string to_string(ScaleFormat format) {
  switch (format) {
    case ScaleFormat::exponent8:
      return "exponent8";
    case ScaleFormat::absmax16:
      return "absmax16";
  }
  return "?";
}

ScaleFormat parse_scale_format(std::string_view name) {
  for (const ScaleFormat format : {ScaleFormat::exponent8, ScaleFormat::absmax16}) {
    if (to_string(format) == name) return format;
  }
  base::refuse("scale format \"{}\": expected exponent8 or absmax16", name);
}

std::string to_string(QuantiserRounding rounding) {
  switch (rounding) {
    case QuantiserRounding::half_even:
      return "half-even";
    case QuantiserRounding::stochastic:
      return "stochastic";
  }
  return "?";
}

QuantiserRounding parse_quantiser_rounding(std::string_view name) {
  for (const QuantiserRounding rounding : {QuantiserRounding::half_even, QuantiserRounding::stochastic}) {
    if (to_string(rounding) == name) return rounding;
  }
  base::refuse("quantiser rounding \"{}\": expected half-even or stochastic", name);
}

void check(const QuantiserOptions& options) {
  base::require(options.bits >= kMinBits && options.bits <= kMaxBits, "bits {}: expected {} to {}", options.bits,
                kMinBits, kMaxBits);
  base::require(options.block >= 1 && options.block <= kLargestBlock, "block of {} elements: expected 1 .. {}",
                options.block, kLargestBlock);
}

double step_of(std::uint16_t scale, const QuantiserOptions& options) {
  if (scale == 0 || is_non_finite(options.scale_format, scale)) return 0;
  if (options.scale_format == ScaleFormat::exponent8) {
    base::require(scale < kExponent8NonFinite, "exponent8 scale code {}: expected 0 to 255", scale);
    return std::ldexp(1.0, scale - 126 - (options.bits - 1));
  }
  base::require(scale <= kLargestBfloat16, "absmax16 scale code {:#06x}: expected 0 to 0x7f7f, or 0x7fc0", scale);
  return std::bit_cast<float>(std::uint32_t{scale} << 16) / static_cast<double>(largest_quantum(options.bits));
}

void check_lengths(std::size_t values, std::size_t scales, const QuantiserOptions& options) {
  check(options);
  const std::size_t blocks = block_count(values, options.block);
  base::require(scales == blocks, "{} scale codes: expected {}, for {} elements in blocks of {}", scales, blocks,
                values, options.block);
}

void check_lengths(std::size_t values, std::size_t scales, std::size_t codes, const QuantiserOptions& options) {
  check_lengths(values, scales, options);
  base::require(codes == values, "{} codes and {} values: expected as many of each", codes, values);
}

void check_gain(double gain) {
  base::require(gain > 0 && gain <= kLargestGain, "gain {}: expected more than 0, at most {}", gain, kLargestGain);
}

void local_scales(std::span<const float> values, const QuantiserOptions& options, std::span<std::uint16_t> scales) {
  check_lengths(values.size(), scales.size(), options);
  for (std::size_t block = 0; block < scales.size(); ++block) {
    const std::size_t begin = block * options.block, count = std::min(options.block, values.size() - begin);
    scales[block] = scale_of_magnitude(simd::largest_magnitude(values.subspan(begin, count)), options.scale_format);
  }
}

void quantise(std::span<const float> values, std::span<const std::uint16_t> scales, const QuantiserOptions& options,
              const base::CounterStream& stream, std::uint64_t first_element, std::span<std::uint32_t> codes) {
  check_lengths(values.size(), scales.size(), codes.size(), options);
  for (std::size_t block = 0; block < scales.size(); ++block) {
    const std::size_t begin = block * options.block, count = std::min(options.block, values.size() - begin);
    const double step = step_of(scales[block], options);
    if (step == 0) {
      std::ranges::fill(codes.subspan(begin, count), zero_code(options.bits));
    } else if (options.rounding == QuantiserRounding::half_even) {
      simd::quantise_half_even(values.subspan(begin, count), step, options.bits, codes.subspan(begin, count));
    } else {
      quantise_block_stochastically(values.subspan(begin, count), step, options.bits, stream, first_element + begin,
                                    codes.subspan(begin, count));
    }
  }
}

std::size_t dequantise(std::span<const std::uint32_t> codes, std::span<const std::uint16_t> scales,
                       const QuantiserOptions& options, double gain, std::span<float> values) {
  check_lengths(values.size(), scales.size(), codes.size(), options);
  check_gain(gain);
  std::size_t non_finite_blocks = 0;
  for (std::size_t block = 0; block < scales.size(); ++block) {
    const std::size_t begin = block * options.block, count = std::min(options.block, values.size() - begin);
    const double step = step_of(scales[block], options);
    if (is_non_finite(options.scale_format, scales[block])) {
      std::ranges::fill(values.subspan(begin, count), std::bit_cast<float>(kNanBits));
      ++non_finite_blocks;
    } else if (step == 0) {
      std::ranges::fill(values.subspan(begin, count), 0.0f);
    } else {
      simd::dequantise(codes.subspan(begin, count), step * gain, options.bits, values.subspan(begin, count));
    }
  }
  return non_finite_blocks;
}

}  // namespace optinc::codec
