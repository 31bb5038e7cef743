// What an exact design gives, by whole numbers in the ONN's place.
#pragma once

#include "optinc/fabric/fabric.h"

namespace optinc::fabric {

/// codec::exact_averages of the servers' codes. It may stand for any fabric that was verified on every input: a single
/// device whose design is right on all of them, or a snapped cascade of two such (doc/numerics.md; the tests hold it to
/// both). A design that is not exact, or a noisy one, must be evaluated.
class IntegerFabric : public Fabric {
 public:
  /// Throws base::InputError for ports, bits or threads that can't be. threads: that share the elements of one call; 0:
  /// all that are available. The result does not depend on it.
  IntegerFabric(int ports, int bits, codec::Rounding rounding, int threads = 1);

  int ports() const override { return ports_; }
  int bits() const override { return bits_; }
  codec::Rounding rounding() const override { return rounding_; }

  void average(std::span<const std::span<const std::uint8_t>> server_symbols, std::size_t count,
               const codec::RoundingBits& rounding_bits, std::uint64_t first_element,
               std::span<std::uint8_t> result) const override;

 private:
  int ports_;
  int bits_;
  codec::Rounding rounding_;
  int threads_;
};

}  // namespace optinc::fabric
