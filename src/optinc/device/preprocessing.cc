#include "optinc/device/preprocessing.h"

#include <algorithm>
#include <array>

#include "optinc/base/error.h"
#include "optinc/codec/pam4.h"

namespace optinc::device {

void preprocess_steps(const DeviceShape& shape, std::span<const std::span<const std::uint8_t>> server_symbols,
                      std::size_t first, std::size_t count, const codec::RoundingBits& rounding_bits,
                      std::uint64_t first_element, std::int32_t* steps) {
  base::require(!server_symbols.empty() && static_cast<int>(server_symbols.size()) <= shape.servers,
                "{} servers for a device of {} ports: expected 1 .. {}", server_symbols.size(), shape.servers,
                shape.servers);
  base::require(shape.role != onn::Role::cascade_level_2,
                "servers at level 2 of a cascade: expected devices of level 1");
  const int inputs = shape.inputs;
  const int idle = shape.servers - static_cast<int>(server_symbols.size());
  std::array<std::uint32_t, codec::kMaxBits> mask{};
  std::array<int, codec::kMaxBits> shift{};
  std::array<std::int32_t, codec::kMaxBits> of_idle_ports{};
  for (int k = 0; k < inputs; ++k) {
    mask[k] = static_cast<std::uint32_t>((std::uint64_t{1} << shape.bits_of_input(k)) - 1);
    shift[k] = shape.shift_of_input(k);
    of_idle_ports[k] = idle * static_cast<std::int32_t>(codec::zero_code(shape.bits) >> shift[k] & mask[k]);
  }
  for (std::size_t i = 0; i < count; ++i) std::copy_n(of_idle_ports.begin(), inputs, steps + i * inputs);

  constexpr std::size_t kTile = 512;
  std::array<std::uint32_t, kTile> codes;
  for (std::size_t begin = 0; begin < count; begin += kTile) {
    const std::size_t tile = std::min(kTile, count - begin);
    for (const std::span<const std::uint8_t> symbols : server_symbols) {
      codec::unpack_symbols(symbols, shape.bits, first + begin, {codes.data(), tile});
      std::int32_t* row = steps + begin * inputs;
      for (std::size_t i = 0; i < tile; ++i, row += inputs) {
        for (int k = 0; k < inputs; ++k) row[k] += static_cast<std::int32_t>(codes[i] >> shift[k] & mask[k]);
      }
    }
  }
  if (shape.rounding == codec::Rounding::nearest_unbiased) {
    for (std::size_t i = 0; i < count; ++i) {
      steps[i * inputs + inputs - 1] += shape.light_of_preprocessing(rounding_bits.bit(first_element + first + i));
    }
  }
}

void levels_of_steps(const DeviceShape& shape, std::size_t count, const std::int32_t* steps, float* levels) {
  std::array<float, codec::kMaxBits> one;
  for (int k = 0; k < shape.inputs; ++k) one[k] = static_cast<float>(shape.steps_per_level(k));
  for (std::size_t i = 0; i < count; ++i) {
    for (int k = 0; k < shape.inputs; ++k) *levels++ = static_cast<float>(*steps++) / one[k];
  }
}

}  // namespace optinc::device
