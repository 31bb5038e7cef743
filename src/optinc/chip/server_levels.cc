#include "optinc/chip/server_levels.h"

#include <algorithm>

#include "optinc/base/random.h"
#include "optinc/chip/streams.h"

namespace optinc::chip {
namespace {

/// The level of one server's group of symbols, in units of 1 / unit of a level -> its base-4 digits, decimals with the
/// last.
void write_symbols(std::int32_t value, int unit, int symbols, int stride, float* levels) {
  const std::int32_t whole = value / unit;
  for (int i = 0; i + 1 < symbols; ++i) levels[i * stride] = static_cast<float>(whole >> (2 * (symbols - 1 - i)) & 3);
  // What is beyond the highest digit stays with the last one: constant light.
  const std::int32_t above = symbols > 1 ? (whole & ~3) : 0;
  levels[(symbols - 1) * stride] = static_cast<float>(value - above * unit) / static_cast<float>(unit);
}

}  // namespace

void deal_levels(const device::DeviceShape& shape, std::uint64_t seed, std::size_t count, const std::uint64_t* numbers,
                 const std::int32_t* steps, float* levels) {
  const int servers = shape.servers, symbols = shape.symbols(), joined = shape.symbols_per_input();
  for (std::size_t row = 0; row < count; ++row) {
    const base::CounterStream random(seed, stream_of(Purpose::dealing, 0, numbers[row]));
    std::uint64_t word = 0;
    for (int k = 0; k < shape.inputs; ++k) {
      const int in_group = k > 0 ? joined : symbols - joined * (shape.inputs - 1);
      const int first_symbol = k > 0 ? symbols - joined * (shape.inputs - k) : 0;
      const int unit = shape.steps_per_level(k) / servers;  // steps of a server in a level
      std::int32_t most = unit * ((1 << shape.bits_of_input(k)) - 1);
      if (unit > 1) most += unit - 1;
      std::int32_t rest = steps[row * shape.inputs + k];
      for (int server = 0; server < servers; ++server) {
        const std::int32_t others = most * (servers - 1 - server);
        const std::int32_t least = std::max(0, rest - others), largest = std::min(most, rest);
        std::int32_t value = rest;
        if (server + 1 < servers) {
          const auto choices = static_cast<std::uint64_t>(std::max(largest - least, 0)) + 1;
          value = std::min(least, most) + static_cast<std::int32_t>(random.word(word++) * choices >> 32);
        }
        rest -= value;
        write_symbols(value, unit, in_group, servers, levels + (row * symbols + first_symbol) * servers + server);
      }
    }
  }
}

}  // namespace optinc::chip
