// What an all-reduce sees of the optics: packed symbols of all servers in, packed symbols of the average out.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "optinc/codec/rounding.h"

namespace optinc::fabric {

class Fabric {
 public:
  virtual ~Fabric() = default;

  virtual int ports() const = 0;  ///< servers that can be connected
  virtual int bits() const = 0;   ///< B of the codes it averages
  virtual codec::Rounding rounding() const = 0;

  /// server_symbols: one packed stream (codec/pam4.h) a server in use, 1 .. ports() of them, `count` elements each;
  /// idle ports are fed the zero gradient. result: packed_bytes(count, bits) of the average over *all* ports, so that a
  /// caller with n servers scales by ports / n. Element i takes rounding bit `first_element + i`. May be called from
  /// several threads at once. Throws base::InputError for too many servers or wrong sizes.
  virtual void average(std::span<const std::span<const std::uint8_t>> server_symbols, std::size_t count,
                       const codec::RoundingBits& rounding_bits, std::uint64_t first_element,
                       std::span<std::uint8_t> result) const = 0;
};

}  // namespace optinc::fabric
