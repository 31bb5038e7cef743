// The hinge of the project: whatever answers "these inputs A_k: what M analog levels?" is an averager. An exact one, an
// ONN, a simulated chip stand in for each other everywhere.
#pragma once

#include <cstddef>

#include "optinc/device/device_shape.h"

namespace optinc::device {

class Averager {
 public:
  virtual ~Averager() = default;

  const DeviceShape& shape() const { return shape_; }

  /// inputs [count, K]: A_k = S_k / N as float32, in PAM4 level units, most significant first.
  /// outputs [count, M]: the analog levels before any receiver, in level units (0 .. 3), most significant first.
  /// May be called from several threads at once. Row i's result depends on row i alone, to the bit, whatever `count`.
  virtual void average(std::size_t count, const float* inputs, float* outputs) const = 0;

 protected:
  explicit Averager(const DeviceShape& shape) : shape_(shape) { shape_.check(); }

 private:
  DeviceShape shape_;
};

}  // namespace optinc::device
