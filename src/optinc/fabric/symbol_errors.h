// A fabric whose receivers err: symbols of the result change at a rate, the same at every server.
#pragma once

#include <atomic>
#include <memory>

#include "optinc/fabric/fabric.h"

namespace optinc::fabric {

/// Each symbol that `fabric` gives becomes, with probability `rate`, a neighbouring level (3 and 0 have one, the others
/// two, of which a random bit chooses). Which symbols these are goes by the element's place and `seed` alone.
class SymbolErrors : public Fabric {
 public:
  /// Throws base::InputError for a rate out of 0 .. 1. `fabric` must live as long as this.
  SymbolErrors(const Fabric& fabric, double rate, std::uint64_t seed);

  int ports() const override { return fabric_.ports(); }
  int bits() const override { return fabric_.bits(); }
  codec::Rounding rounding() const override { return fabric_.rounding(); }
  void average(std::span<const std::span<const std::uint8_t>> server_symbols, std::size_t count,
               const codec::RoundingBits& rounding_bits, std::uint64_t first_element,
               std::span<std::uint8_t> result) const override;

  /// How many symbols have been changed so far, by this copy of the fabric.
  std::uint64_t errors() const { return errors_; }

 private:
  const Fabric& fabric_;
  double rate_;
  base::CounterStream stream_;
  mutable std::atomic<std::uint64_t> errors_ = 0;
};

}  // namespace optinc::fabric
