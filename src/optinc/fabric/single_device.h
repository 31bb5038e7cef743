// The smallest fabric: one device, every server on one of its ports.
#pragma once

#include <memory>

#include "optinc/device/averager.h"
#include "optinc/fabric/fabric.h"

namespace optinc::fabric {

struct SingleDeviceOptions {
  int threads =
      1;  ///< that share the elements of one call; 0: all that are available. The result does not depend on it.
};

/// Unit P, the averager, unit T and the receiver in a row, in tiles of elements: memory does not grow with the tensor.
class SingleDevice : public Fabric {
 public:
  /// Throws base::InputError where there is no averager or `threads` is negative.
  explicit SingleDevice(std::shared_ptr<const device::Averager> averager, const SingleDeviceOptions& options = {});

  int ports() const override { return averager_->shape().servers; }
  int bits() const override { return averager_->shape().bits; }
  codec::Rounding rounding() const override { return averager_->shape().rounding; }

  void average(std::span<const std::span<const std::uint8_t>> server_symbols, std::size_t count,
               const codec::RoundingBits& rounding_bits, std::uint64_t first_element,
               std::span<std::uint8_t> result) const override;

 private:
  std::shared_ptr<const device::Averager> averager_;
  SingleDeviceOptions options_;
};

}  // namespace optinc::fabric
