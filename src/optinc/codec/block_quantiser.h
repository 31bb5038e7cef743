// Block quantisation: float32 gradients to B-bit codes and back, with one scale a block that all servers share.
//
// Three steps, of which the middle one needs the other servers:
//   1. local_scales: every server finds the scale code of each of its blocks.
//   2. The servers share max over servers of each code (both formats are made so that the integer maximum is the scale
//      that fits all, and that "NaN or Inf seen" wins).
//   3. quantise with the shared scales; dequantise what comes back.
//
// Formats of a scale code (ours, see doc/notation.md), with q = round(x / step) clipped to +-(2^(B-1) - 1):
//   exponent8   the largest IEEE-754 exponent field of the block, 8 bits. 255: NaN or Inf seen. 0: only zeros and
//               denormals, which decode as exact 0. Otherwise step = 2^(code - 126) / 2^(B-1).
//   absmax16    the largest |x| as a bfloat16 rounded up, saturating at 0x7F7F. 0x7FC0: NaN or Inf seen. 0: only zeros.
//               Otherwise step = value / (2^(B-1) - 1).
// Codes are offset binary: code = q + 2^(B-1), so code 0 is never sent.
// A block whose scale says "NaN or Inf" is sent as zeros and decodes to quiet NaN (0x7FC00000) in every element, at
// every server: overflow detection of mixed precision keeps working.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "optinc/base/random.h"

namespace optinc::codec {

enum class ScaleFormat { exponent8, absmax16 };
/// How x / step becomes an integer. half_even: to the nearest, ties to even. stochastic: floor(x / step + u), u uniform
/// on [0, 1) from a counter-based stream, so that the mean of q is x / step.
enum class QuantiserRounding { half_even, stochastic };

/// "exponent8", "absmax16".
std::string to_string(ScaleFormat format);
/// The inverse. Throws base::InputError with the names that exist.
ScaleFormat parse_scale_format(std::string_view name);
/// "half-even", "stochastic".
std::string to_string(QuantiserRounding rounding);
/// The inverse. Throws base::InputError with the names that exist.
QuantiserRounding parse_quantiser_rounding(std::string_view name);

inline constexpr std::size_t kLargestBlock = std::size_t{1} << 30;

struct QuantiserOptions {
  int bits = 8;  ///< B, 2 .. 32
  std::size_t block =
      256;  ///< elements that share a scale, 1 .. kLargestBlock; the last block of a tensor may be shorter
  ScaleFormat scale_format = ScaleFormat::absmax16;
  QuantiserRounding rounding = QuantiserRounding::half_even;
};

inline constexpr std::uint16_t kExponent8NonFinite = 255;
inline constexpr std::uint16_t kAbsmax16NonFinite = 0x7FC0;

/// Throws base::InputError unless bits and block are in range.
void check(const QuantiserOptions& options);

/// ceil(count / block).
constexpr std::size_t block_count(std::size_t count, std::size_t block) {
  return (count + block - 1) / block;
}
/// Bytes of one scale code on the wire: 1 or 2.
constexpr std::size_t scale_bytes(ScaleFormat format) {
  return format == ScaleFormat::exponent8 ? 1 : 2;
}
constexpr bool is_non_finite(ScaleFormat format, std::uint16_t scale) {
  return scale == (format == ScaleFormat::exponent8 ? kExponent8NonFinite : kAbsmax16NonFinite);
}

/// The width of a quantisation step, correctly rounded to double (exact for exponent8); 0 for a block of zeros and for
/// a non-finite one. Throws base::InputError for a number that is no scale code of the format.
double step_of(std::uint16_t scale, const QuantiserOptions& options);

/// values [n] -> scales [block_count(n, block)]. This and what follows throw base::InputError for options out of range
/// and for lengths that do not fit together.
void local_scales(std::span<const float> values, const QuantiserOptions& options, std::span<std::uint16_t> scales);

/// values [n], shared scales -> codes [n]. x / step is one division in double; a step of 0 gives zeros. `stream` feeds
/// stochastic rounding, element i taking word `first_element + i`. (A NaN under a finite scale, which no server that
/// shared its own scale can have, is sent as zero; Inf is clipped.)
void quantise(std::span<const float> values, std::span<const std::uint16_t> scales, const QuantiserOptions& options,
              const base::CounterStream& stream, std::uint64_t first_element, std::span<std::uint32_t> codes);

/// codes [n], shared scales -> values [n] = (code - 2^(B-1)) * (step * gain), both products in double, kept within
/// +-FLT_MAX, then rounded to float32; +0 where the step is 0. `gain` is ports / servers in use: more than 0, at most
/// 65536, or base::InputError. Returns the number of non-finite blocks (all NaN now).
std::size_t dequantise(std::span<const std::uint32_t> codes, std::span<const std::uint16_t> scales,
                       const QuantiserOptions& options, double gain, std::span<float> values);

/// The same, element by element in plain C++: what the vector code above is checked against, bit for bit.
namespace reference {
void local_scales(std::span<const float> values, const QuantiserOptions& options, std::span<std::uint16_t> scales);
void quantise(std::span<const float> values, std::span<const std::uint16_t> scales, const QuantiserOptions& options,
              const base::CounterStream& stream, std::uint64_t first_element, std::span<std::uint32_t> codes);
std::size_t dequantise(std::span<const std::uint32_t> codes, std::span<const std::uint16_t> scales,
                       const QuantiserOptions& options, double gain, std::span<float> values);
}  // namespace reference

}  // namespace optinc::codec
