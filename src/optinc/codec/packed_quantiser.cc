#include "optinc/codec/packed_quantiser.h"

#include <algorithm>
#include <bit>
#include <numeric>
#include <vector>

#include "optinc/base/error.h"
#include "optinc/codec/block_quantiser_checks.h"
#include "optinc/codec/packed_quantiser_simd.h"
#include "optinc/codec/pam4.h"

namespace optinc::codec {
namespace {

/// Elements whose codes are kept between quantising and packing: whole blocks, because scales come by the block; a
/// multiple of 4, so that a tile's symbols are whole bytes; and otherwise few enough that they stay in the cache.
std::size_t tile_of(std::size_t block, std::size_t count) {
  constexpr std::size_t kWanted = 4096;
  const std::size_t least = std::lcm(block, std::size_t{4});
  if (least >= count) return std::max<std::size_t>(count, 1);
  return least * std::max<std::size_t>(kWanted / least, 1);
}

/// Whether packed symbols are the codes' own bytes, and vector code knows them.
bool has_fast_path(const QuantiserOptions& options) {
  return options.bits == 8 || options.bits == 16;
}

/// Calls `work(begin, count, scales, codes)` for tiles of the elements, with room for their codes.
template <typename Work>
void in_tiles(std::size_t elements, std::span<const std::uint16_t> scales, std::size_t block, const Work& work) {
  thread_local std::vector<std::uint32_t> codes;
  const std::size_t tile = tile_of(block, elements);
  codes.resize(std::max(codes.size(), std::min(tile, elements)));
  for (std::size_t begin = 0; begin < elements; begin += tile) {
    const std::size_t count = std::min(tile, elements - begin);
    work(begin, count, scales.subspan(begin / block, block_count(count, block)), std::span(codes).first(count));
  }
}

void check_packed(std::size_t packed, std::size_t values, int bits) {
  base::require(packed == packed_bytes(values, bits), "packed symbols of {} bytes: expected {} for {} codes", packed,
                packed_bytes(values, bits), values);
}

/// The code of zero, n times.
void fill_zero(int bits, std::span<std::uint8_t> packed) {
  if (bits == 8) {
    std::ranges::fill(packed, std::uint8_t{0x80});
    return;
  }
  for (std::size_t i = 0; i < packed.size(); ++i) packed[i] = i % 2 == 0 ? 0x80 : 0;
}

}  // namespace

void quantise_packed(std::span<const float> values, std::span<const std::uint16_t> scales,
                     const QuantiserOptions& options, const base::CounterStream& stream, std::uint64_t first_element,
                     std::span<std::uint8_t> packed) {
  check_lengths(values.size(), scales.size(), options);
  check_packed(packed.size(), values.size(), options.bits);
  const int bits = options.bits;
  if (!has_fast_path(options) || options.rounding != QuantiserRounding::half_even) {
    in_tiles(values.size(), scales, options.block,
             [&](std::size_t begin, std::size_t count, auto tile_scales, std::span<std::uint32_t> codes) {
               quantise(values.subspan(begin, count), tile_scales, options, stream, first_element + begin, codes);
               pack_symbols(codes, bits, packed.subspan(packed_bytes(begin, bits), packed_bytes(count, bits)));
             });
    return;
  }
  const std::size_t bytes = bits / 8;
  for (std::size_t block = 0; block < scales.size(); ++block) {
    const std::size_t begin = block * options.block, count = std::min(options.block, values.size() - begin);
    const double step = step_of(scales[block], options);
    if (step == 0) {
      fill_zero(bits, packed.subspan(begin * bytes, count * bytes));
    } else if (bits == 8) {
      simd::quantise_half_even_8(values.subspan(begin, count), step, packed.data() + begin);
    } else {
      simd::quantise_half_even_16(values.subspan(begin, count), step, packed.data() + 2 * begin);
    }
  }
}

std::size_t dequantise_packed(std::span<const std::uint8_t> packed, std::span<const std::uint16_t> scales,
                              const QuantiserOptions& options, double gain, std::span<float> values) {
  check_lengths(values.size(), scales.size(), options);
  check_packed(packed.size(), values.size(), options.bits);
  check_gain(gain);
  std::size_t non_finite_blocks = 0;
  if (!has_fast_path(options)) {
    in_tiles(values.size(), scales, options.block,
             [&](std::size_t begin, std::size_t count, auto tile_scales, std::span<std::uint32_t> codes) {
               unpack_symbols(packed.subspan(packed_bytes(begin, options.bits)), options.bits, 0, codes);
               non_finite_blocks += dequantise(codes, tile_scales, options, gain, values.subspan(begin, count));
             });
    return non_finite_blocks;
  }
  for (std::size_t block = 0; block < scales.size(); ++block) {
    const std::size_t begin = block * options.block, count = std::min(options.block, values.size() - begin);
    const double step = step_of(scales[block], options);
    const std::span<float> part = values.subspan(begin, count);
    if (is_non_finite(options.scale_format, scales[block])) {
      std::ranges::fill(part, std::bit_cast<float>(kNanBits));
      ++non_finite_blocks;
    } else if (step == 0) {
      std::ranges::fill(part, 0.0f);
    } else if (options.bits == 8) {
      simd::dequantise_8(packed.data() + begin, step * gain, part);
    } else {
      simd::dequantise_16(packed.data() + 2 * begin, step * gain, part);
    }
  }
  return non_finite_blocks;
}

}  // namespace optinc::codec
