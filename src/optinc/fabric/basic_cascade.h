// The cascade that the paper's is compared with: both levels quantise, so that decimals of level 1 are lost.
#pragma once

#include <memory>

#include "optinc/fabric/fabric.h"

namespace optinc::fabric {

/// Q(mean Q(mean G)): level_1's average of each group of its ports, then level_2's average of those. That is not the
/// exact average of all. Server i is on port i % n of group i / n, n the ports of level_1; an absent group says the
/// zero gradient. Every device takes the same rounding bit for an element.
class BasicCascade : public Fabric {
 public:
  /// Throws base::InputError where one is missing, where bits differ, and for negative `threads` (0: all that are
  /// available).
  BasicCascade(std::shared_ptr<const Fabric> level_1, std::shared_ptr<const Fabric> level_2, int threads = 1);

  int ports() const override { return level_1_->ports() * level_2_->ports(); }
  int bits() const override { return level_2_->bits(); }
  codec::Rounding rounding() const override { return level_2_->rounding(); }

  void average(std::span<const std::span<const std::uint8_t>> server_symbols, std::size_t count,
               const codec::RoundingBits& rounding_bits, std::uint64_t first_element,
               std::span<std::uint8_t> result) const override;

 private:
  std::shared_ptr<const Fabric> level_1_, level_2_;
  int threads_;
};

}  // namespace optinc::fabric
