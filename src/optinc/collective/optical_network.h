// The optics as an all-reduce sees them: block quantise, send as PAM4 symbols, let the fabric average, dequantise
// (paper section III; doc/collective.md).
#pragma once

#include <vector>

#include "optinc/base/random.h"
#include "optinc/collective/in_network.h"
#include "optinc/fabric/fabric.h"

namespace optinc::collective {

struct OpticalNetworkOptions {
  codec::QuantiserOptions quantiser;
  std::uint64_t seed = 0;  ///< of stochastic quantisation and of the bits of nearest-unbiased rounding
  /// Servers whose light does not arrive (a lost port, and all know of it): the fabric sees the zero gradient there,
  /// and the average is over the others.
  std::vector<int> dark_ports;
};

/// The random words of a server's stochastic quantisation.
inline base::CounterStream quantiser_stream(std::uint64_t seed, int server) {
  constexpr std::uint64_t kQuantise = 0x7175616e74697365;  // "quantise" in ASCII
  return {seed, kQuantise + static_cast<std::uint64_t>(server)};
}

/// Server r is on port r of the fabric.
class OpticalNetwork : public InNetwork {
 public:
  /// Throws base::InputError for bits that are not the fabric's, for impossible options, and for dark ports that are no
  /// ports. `fabric` must live as long as this.
  OpticalNetwork(const fabric::Fabric& fabric, const OpticalNetworkOptions& options);

  std::string name() const override { return "optinc"; }
  const codec::QuantiserOptions& quantiser() const override { return options_.quantiser; }
  int ports() const override { return fabric_.ports(); }
  std::size_t packed_bytes(std::size_t count) const override;
  void encode(std::span<const float> values, std::span<const std::uint16_t> scales, int server,
              std::uint64_t first_element, std::span<std::uint8_t> packed) const override;
  void decode_own(std::span<const std::uint8_t> packed, std::span<const std::uint16_t> scales,
                  std::span<float> values) const override;
  void reduce(std::span<const std::span<const std::uint8_t>> server_packed, std::size_t count,
              std::uint64_t first_element, std::span<std::uint8_t> result) const override;
  std::size_t decode(std::span<const std::uint8_t> packed, std::span<const std::uint16_t> scales, int servers,
                     std::span<float> values) const override;
  int servers_heard(int servers) const override;

 private:
  const fabric::Fabric& fabric_;
  OpticalNetworkOptions options_;
};

}  // namespace optinc::collective
