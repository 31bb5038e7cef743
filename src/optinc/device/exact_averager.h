// The averager that makes no error: integer arithmetic, the oracle in the averager's place.
#pragma once

#include "optinc/device/averager.h"

namespace optinc::device {

class ExactAverager : public Averager {
 public:
  /// Throws base::InputError for an impossible shape.
  explicit ExactAverager(const DeviceShape& shape) : Averager(shape) {}
  void average(std::size_t count, const float* inputs, float* outputs) const override;
};

}  // namespace optinc::device
