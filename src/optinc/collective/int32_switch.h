// In-network aggregation by an electrical switch that adds 32-bit integers, in the manner of SwitchML: one scale a
// block that all servers share, so that the switch needs no floating point. Source: A. Sapio et al., "Scaling
// distributed machine learning with in-network aggregation", NSDI'21.
//
// Unlike there, a NaN or Inf anywhere makes its block NaN everywhere (it is not sent as 0), zeros and tiny blocks have
// a scale, and rounding is half to even for every element: the codec's contract (doc/numerics.md).
#pragma once

#include "optinc/collective/in_network.h"

namespace optinc::collective {

class Int32Switch : public InNetwork {
 public:
  /// For up to `servers` servers: values of B = 32 - ceil(log2 servers) bits, whose sum can't overflow. Throws
  /// base::InputError for servers out of 1 .. 65536 and blocks out of range.
  explicit Int32Switch(int servers, std::size_t block = 256);

  std::string name() const override { return "int32-switch"; }
  const codec::QuantiserOptions& quantiser() const override { return quantiser_; }
  int ports() const override { return servers_; }
  std::size_t packed_bytes(std::size_t count) const override { return count * sizeof(std::int32_t); }
  void encode(std::span<const float> values, std::span<const std::uint16_t> scales, int server,
              std::uint64_t first_element, std::span<std::uint8_t> packed) const override;
  void decode_own(std::span<const std::uint8_t> packed, std::span<const std::uint16_t> scales,
                  std::span<float> values) const override;
  void reduce(std::span<const std::span<const std::uint8_t>> server_packed, std::size_t count,
              std::uint64_t first_element, std::span<std::uint8_t> result) const override;
  std::size_t decode(std::span<const std::uint8_t> packed, std::span<const std::uint16_t> scales, int servers,
                     std::span<float> values) const override;

 private:
  int servers_;
  codec::QuantiserOptions quantiser_;
};

}  // namespace optinc::collective
