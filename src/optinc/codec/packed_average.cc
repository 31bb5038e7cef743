#include "optinc/codec/packed_average.h"

#include <algorithm>
#include <bit>
#include <vector>

// Plain loops, compiled for every instruction set and chosen when the program runs: the compiler makes vectors of them.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "optinc/codec/packed_average.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "optinc/base/error.h"
#include "optinc/codec/exact_average.h"
#include "optinc/codec/pam4.h"

HWY_BEFORE_NAMESPACE();
namespace optinc::codec::HWY_NAMESPACE {
namespace {

HWY_ATTR void add_bytes(const std::uint8_t* codes, std::size_t count, std::uint16_t* sums) {
  for (std::size_t i = 0; i < count; ++i) sums[i] = static_cast<std::uint16_t>(sums[i] + codes[i]);
}

HWY_ATTR void add_pairs(const std::uint8_t* codes, std::size_t count, std::uint32_t* sums) {
  for (std::size_t i = 0; i < count; ++i) sums[i] += std::uint32_t{codes[2 * i]} << 8 | codes[2 * i + 1];
}

HWY_ATTR void shift_bytes(const std::uint16_t* sums, std::size_t count, int shift, std::uint8_t* codes) {
  for (std::size_t i = 0; i < count; ++i) codes[i] = static_cast<std::uint8_t>(sums[i] >> shift);
}

// floor(sum / ports) as a product: (sum + 1/2) / ports is at least 1 / (2 ports) from any whole number, and in float32
// it is off by less than (sum + 1) 2^-22 / ports, in double by less than (sum + 1) 2^-51 / ports: less than that
// distance for sums below 2^21 and 2^50.
HWY_ATTR void divide_bytes(const std::uint16_t* sums, std::size_t count, float one_in_ports, std::uint8_t* codes) {
  for (std::size_t i = 0; i < count; ++i) {
    codes[i] = static_cast<std::uint8_t>(
        static_cast<std::int32_t>((static_cast<float>(static_cast<std::int32_t>(sums[i])) + 0.5f) * one_in_ports));
  }
}

HWY_ATTR void shift_pairs(const std::uint32_t* sums, std::size_t count, int shift, std::uint8_t* codes) {
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint32_t code = sums[i] >> shift;
    codes[2 * i] = static_cast<std::uint8_t>(code >> 8);
    codes[2 * i + 1] = static_cast<std::uint8_t>(code);
  }
}

HWY_ATTR void divide_pairs(const std::uint32_t* sums, std::size_t count, double one_in_ports, std::uint8_t* codes) {
  for (std::size_t i = 0; i < count; ++i) {
    const auto code = static_cast<std::int32_t>((static_cast<double>(sums[i]) + 0.5) * one_in_ports);
    codes[2 * i] = static_cast<std::uint8_t>(code >> 8);
    codes[2 * i + 1] = static_cast<std::uint8_t>(code);
  }
}

}  // namespace
}  // namespace optinc::codec::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace optinc::codec {
namespace {

constexpr std::size_t kTile = 1024;  // a multiple of 4: every tile starts on a byte of the packed streams

HWY_EXPORT(add_bytes);
HWY_EXPORT(add_pairs);
HWY_EXPORT(shift_bytes);
HWY_EXPORT(divide_bytes);
HWY_EXPORT(shift_pairs);
HWY_EXPORT(divide_pairs);

/// What the sums of a tile begin with: idle ports and constant light.
template <typename Sum>
void begin_sums(Sum idle, int ports, Rounding rounding, const RoundingBits& rounding_bits, std::uint64_t first_element,
                std::span<Sum> sums) {
  if (rounding != Rounding::nearest_unbiased) {
    std::ranges::fill(sums, static_cast<Sum>(idle + constant_light_steps(rounding, ports, 0)));
    return;
  }
  std::uint32_t word = 0;
  for (std::size_t i = 0; i < sums.size(); ++i) {
    const std::uint64_t element = first_element + i;
    if (i == 0 || element % 32 == 0) word = rounding_bits.word(element / 32);
    const int bit = static_cast<int>(word >> (element % 32) & 1u);
    sums[i] = static_cast<Sum>(idle + constant_light_steps(rounding, ports, bit));
  }
}

struct Averaging {
  std::span<const std::span<const std::uint8_t>> servers;
  int ports;
  Rounding rounding;
  const RoundingBits& rounding_bits;
  std::uint64_t first_element;

  std::uint32_t idle_sum(int bits) const {
    return static_cast<std::uint32_t>(ports - static_cast<int>(servers.size())) * zero_code(bits);
  }
  bool power_of_two() const { return std::has_single_bit(static_cast<unsigned>(ports)); }
  int shift() const { return std::countr_zero(static_cast<unsigned>(ports)); }
};

void average_tile_8(const Averaging& how, std::size_t begin, std::size_t count, std::uint8_t* result) {
  std::uint16_t sums[kTile];
  begin_sums<std::uint16_t>(static_cast<std::uint16_t>(how.idle_sum(8)), how.ports, how.rounding, how.rounding_bits,
                            how.first_element + begin, {sums, count});
  for (const auto& server : how.servers) HWY_DYNAMIC_DISPATCH(add_bytes)(server.data() + begin, count, sums);
  if (how.power_of_two()) {
    HWY_DYNAMIC_DISPATCH(shift_bytes)(sums, count, how.shift(), result + begin);
  } else {
    HWY_DYNAMIC_DISPATCH(divide_bytes)(sums, count, 1.0f / static_cast<float>(how.ports), result + begin);
  }
}

void average_tile_16(const Averaging& how, std::size_t begin, std::size_t count, std::uint8_t* result) {
  std::uint32_t sums[kTile];
  begin_sums<std::uint32_t>(how.idle_sum(16), how.ports, how.rounding, how.rounding_bits, how.first_element + begin,
                            {sums, count});
  for (const auto& server : how.servers) HWY_DYNAMIC_DISPATCH(add_pairs)(server.data() + 2 * begin, count, sums);
  if (how.power_of_two()) {
    HWY_DYNAMIC_DISPATCH(shift_pairs)(sums, count, how.shift(), result + 2 * begin);
  } else {
    HWY_DYNAMIC_DISPATCH(divide_pairs)(sums, count, 1.0 / how.ports, result + 2 * begin);
  }
}

/// Any bits, by way of the codes.
void average_tile(const Averaging& how, int bits, std::size_t begin, std::size_t count, std::uint8_t* result) {
  std::vector<std::vector<std::uint32_t>> codes(how.servers.size(), std::vector<std::uint32_t>(count));
  for (std::size_t server = 0; server < codes.size(); ++server) {
    unpack_symbols(how.servers[server].subspan(packed_bytes(begin, bits)), bits, 0, codes[server]);
  }
  std::vector<std::uint32_t> averages(count);
  exact_averages(std::vector<std::span<const std::uint32_t>>(codes.begin(), codes.end()), how.ports, bits, how.rounding,
                 how.rounding_bits, how.first_element + begin, averages);
  pack_symbols(averages, bits, {result + packed_bytes(begin, bits), packed_bytes(count, bits)});
}

}  // namespace

void exact_averages_packed(std::span<const std::span<const std::uint8_t>> server_symbols, std::size_t count, int ports,
                           int bits, Rounding rounding, const RoundingBits& rounding_bits, std::uint64_t first_element,
                           std::span<std::uint8_t> result) {
  base::require(bits >= kMinBits && bits <= kMaxBits, "bits {}: expected {} to {}", bits, kMinBits, kMaxBits);
  base::require(ports >= 1, "ports {}: expected at least 1", ports);
  base::require(!server_symbols.empty() && server_symbols.size() <= static_cast<std::size_t>(ports),
                "symbols of {} servers: expected 1 to {}, the ports of the device", server_symbols.size(), ports);
  const std::size_t bytes = packed_bytes(count, bits);
  for (std::size_t server = 0; server < server_symbols.size(); ++server) {
    base::require(server_symbols[server].size() == bytes, "server {}: {} bytes of symbols: expected {}", server,
                  server_symbols[server].size(), bytes);
  }
  base::require(result.size() == bytes, "room for {} bytes of symbols: expected {}", result.size(), bytes);

  const Averaging how{server_symbols, ports, rounding, rounding_bits, first_element};
  // 16 bits hold 255 a port and half of the ports; 21 and 50 bits are far.
  constexpr int kMostPorts8 = 128, kMostPorts16 = 32768;
  for (std::size_t begin = 0; begin < count; begin += kTile) {
    const std::size_t tile = std::min(kTile, count - begin);
    if (bits == 8 && ports <= kMostPorts8) {
      average_tile_8(how, begin, tile, result.data());
    } else if (bits == 16 && ports <= kMostPorts16) {
      average_tile_16(how, begin, tile, result.data());
    } else {
      average_tile(how, bits, begin, tile, result.data());
    }
  }
}

}  // namespace optinc::codec
#endif
