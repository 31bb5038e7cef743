// What an in-network all-reduce sends into the network, what the network makes of it, and what that means: the optics,
// or an electrical switch that adds.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "optinc/codec/block_quantiser.h"

namespace optinc::collective {

class InNetwork {
 public:
  virtual ~InNetwork() = default;
  virtual std::string name() const = 0;
  /// How blocks are scaled. Scales are agreed on before anything is encoded.
  virtual const codec::QuantiserOptions& quantiser() const = 0;
  /// The most servers that can be connected.
  virtual int ports() const = 0;
  /// Bytes of `count` elements on the wire, in and out. For a multiple of 4 elements, as many as for its parts.
  virtual std::size_t packed_bytes(std::size_t count) const = 0;

  /// values [n] of one server, whole blocks from `first_element` on, shared scales -> packed [packed_bytes(n)].
  virtual void encode(std::span<const float> values, std::span<const std::uint16_t> scales, int server,
                      std::uint64_t first_element, std::span<std::uint8_t> packed) const = 0;
  /// What that server's values are now, before they are averaged: for error feedback.
  virtual void decode_own(std::span<const std::uint8_t> packed, std::span<const std::uint16_t> scales,
                          std::span<float> values) const = 0;

  /// What the network computes: all servers' packed elements -> those of the result.
  virtual void reduce(std::span<const std::span<const std::uint8_t>> server_packed, std::size_t count,
                      std::uint64_t first_element, std::span<std::uint8_t> result) const = 0;

  /// The result, packed -> the average over `servers` servers, values [n]. Returns the number of non-finite blocks.
  virtual std::size_t decode(std::span<const std::uint8_t> packed, std::span<const std::uint16_t> scales, int servers,
                             std::span<float> values) const = 0;
  /// How many of `servers` servers the network takes light (or packets) from.
  virtual int servers_heard(int servers) const { return servers; }
};

}  // namespace optinc::collective
