// The ONN as an averager: the forward pass of a design, without any imperfection of the parts.
#pragma once

#include <utility>

#include "optinc/device/averager.h"
#include "optinc/onn/design.h"

namespace optinc::device {

/// The shape of the device that a design is for.
DeviceShape shape_of(const onn::Design& design);

class OnnAverager : public Averager {
 public:
  /// Throws base::InputError for an impossible shape.
  explicit OnnAverager(onn::Design design);
  /// The same ONN on another lattice: training checks that of every rounding mode.
  OnnAverager(onn::Design design, const DeviceShape& shape) : Averager(shape), design_(std::move(design)) {}
  void average(std::size_t count, const float* inputs, float* outputs) const override;

 private:
  onn::Design design_;
};

}  // namespace optinc::device
