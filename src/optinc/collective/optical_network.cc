#include "optinc/collective/optical_network.h"

#include <algorithm>

#include "optinc/base/error.h"
#include "optinc/codec/packed_quantiser.h"
#include "optinc/codec/pam4.h"

namespace optinc::collective {
OpticalNetwork::OpticalNetwork(const fabric::Fabric& fabric, const OpticalNetworkOptions& options)
    : fabric_(fabric), options_(options) {
  codec::check(options.quantiser);
  base::require(options.quantiser.bits == fabric.bits(), "the quantiser makes {} bits, the device averages {}",
                options.quantiser.bits, fabric.bits());
  for (const int port : options.dark_ports) {
    base::require(port >= 0 && port < fabric.ports(), "dark port {}: expected 0 .. {}", port, fabric.ports() - 1);
  }
}

std::size_t OpticalNetwork::packed_bytes(std::size_t count) const {
  return codec::packed_bytes(count, options_.quantiser.bits);
}

void OpticalNetwork::encode(std::span<const float> values, std::span<const std::uint16_t> scales, int server,
                            std::uint64_t first_element, std::span<std::uint8_t> packed) const {
  codec::quantise_packed(values, scales, options_.quantiser, quantiser_stream(options_.seed, server), first_element,
                         packed);
}

void OpticalNetwork::decode_own(std::span<const std::uint8_t> packed, std::span<const std::uint16_t> scales,
                                std::span<float> values) const {
  codec::dequantise_packed(packed, scales, options_.quantiser, 1.0, values);
}

void OpticalNetwork::reduce(std::span<const std::span<const std::uint8_t>> server_packed, std::size_t count,
                            std::uint64_t first_element, std::span<std::uint8_t> result) const {
  const codec::RoundingBits rounding_bits(options_.seed);
  if (options_.dark_ports.empty()) {
    fabric_.average(server_packed, count, rounding_bits, first_element, result);
    return;
  }
  const std::vector<std::uint32_t> zero_codes(count, codec::zero_code(fabric_.bits()));
  std::vector<std::uint8_t> dark(packed_bytes(count));
  codec::pack_symbols(zero_codes, fabric_.bits(), dark);
  std::vector<std::span<const std::uint8_t>> lit(server_packed.begin(), server_packed.end());
  for (const int port : options_.dark_ports) {
    if (port < static_cast<int>(lit.size())) lit[port] = dark;
  }
  fabric_.average(lit, count, rounding_bits, first_element, result);
}

std::size_t OpticalNetwork::decode(std::span<const std::uint8_t> packed, std::span<const std::uint16_t> scales,
                                   int servers, std::span<float> values) const {
  const double gain = static_cast<double>(fabric_.ports()) / std::max(1, servers_heard(servers));
  return codec::dequantise_packed(packed, scales, options_.quantiser, gain, values);
}

int OpticalNetwork::servers_heard(int servers) const {
  return servers - static_cast<int>(std::ranges::count_if(options_.dark_ports, [&](int p) { return p < servers; }));
}

}  // namespace optinc::collective
