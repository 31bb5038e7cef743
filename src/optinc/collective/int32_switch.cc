#include "optinc/collective/int32_switch.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <limits>
#include <vector>

#include "optinc/base/error.h"
#include "optinc/codec/pam4.h"

namespace optinc::collective {
namespace {

constexpr std::size_t kTile = 1024;

template <typename T>
void load(std::span<const std::uint8_t> packed, std::size_t first, std::span<T> numbers) {
  std::memcpy(numbers.data(), packed.data() + first * sizeof(T), numbers.size_bytes());
}

template <typename T>
void store(std::span<const T> numbers, std::size_t first, std::span<std::uint8_t> packed) {
  std::memcpy(packed.data() + first * sizeof(T), numbers.data(), numbers.size_bytes());
}

}  // namespace

Int32Switch::Int32Switch(int servers, std::size_t block) : servers_(servers) {
  base::require(servers >= 1 && servers <= 65536, "a switch for {} servers: expected 1 .. 65536", servers);
  quantiser_ = {.bits = 32 - static_cast<int>(std::bit_width(static_cast<unsigned>(servers - 1))),
                .block = block,
                .scale_format = codec::ScaleFormat::exponent8};
  codec::check(quantiser_);
}

void Int32Switch::encode(std::span<const float> values, std::span<const std::uint16_t> scales, int, std::uint64_t,
                         std::span<std::uint8_t> packed) const {
  thread_local std::vector<std::uint32_t> codes;
  codes.resize(values.size());
  codec::quantise(values, scales, quantiser_, base::CounterStream(0, 0), 0, codes);
  // Offset binary to two's complement.
  const std::uint32_t zero = codec::zero_code(quantiser_.bits);
  for (std::uint32_t& code : codes) code -= zero;
  store(std::span<const std::uint32_t>(codes), 0, packed);
}

void Int32Switch::reduce(std::span<const std::span<const std::uint8_t>> server_packed, std::size_t count, std::uint64_t,
                         std::span<std::uint8_t> result) const {
  for (std::size_t begin = 0; begin < count; begin += kTile) {
    std::array<std::int32_t, kTile> sums, addends;
    const std::size_t tile = std::min(kTile, count - begin);
    load(server_packed[0], begin, std::span(sums).first(tile));
    for (const std::span<const std::uint8_t> packed : server_packed.subspan(1)) {
      load(packed, begin, std::span(addends).first(tile));
      for (std::size_t i = 0; i < tile; ++i) sums[i] += addends[i];
    }
    store(std::span<const std::int32_t>(sums).first(tile), begin, result);
  }
}

std::size_t Int32Switch::decode(std::span<const std::uint8_t> packed, std::span<const std::uint16_t> scales,
                                int servers, std::span<float> values) const {
  std::size_t non_finite_blocks = 0;
  for (std::size_t block = 0; block < scales.size(); ++block) {
    const std::size_t begin = block * quantiser_.block, end = std::min(begin + quantiser_.block, values.size());
    if (codec::is_non_finite(quantiser_.scale_format, scales[block])) {
      std::fill(values.begin() + begin, values.begin() + end, std::numeric_limits<float>::quiet_NaN());
      ++non_finite_blocks;
      continue;
    }
    const double step = codec::step_of(scales[block], quantiser_);
    std::array<std::int32_t, kTile> sums;
    for (std::size_t at = begin; at < end; at += kTile) {
      const std::size_t tile = std::min(kTile, end - at);
      load(packed, at, std::span(sums).first(tile));
      // The step is a power of two: one rounding, of the quotient.
      for (std::size_t i = 0; i < tile; ++i) values[at + i] = static_cast<float>(sums[i] * step / servers);
    }
  }
  return non_finite_blocks;
}

void Int32Switch::decode_own(std::span<const std::uint8_t> packed, std::span<const std::uint16_t> scales,
                             std::span<float> values) const {
  decode(packed, scales, 1, values);
}

}  // namespace optinc::collective
