// Generators for tests of this folder and those above it.
#pragma once

#include <vector>

#include <rapidcheck.h>

#include "optinc/base/error.h"
#include "optinc/device/device_shape.h"

namespace optinc::device {

inline codec::Rounding arbitrary_rounding() {
  return *rc::gen::element(codec::Rounding::floor, codec::Rounding::nearest, codec::Rounding::nearest_unbiased);
}

/// Any possible shape within these limits.
inline DeviceShape arbitrary_shape(int most_bits, int most_servers) {
  DeviceShape shape{.bits = *rc::gen::inRange(2, most_bits + 1),
                    .servers = *rc::gen::inRange(2, most_servers + 1),
                    .inputs = 1,
                    .rounding = arbitrary_rounding()};
  std::vector<int> possible;
  for (int inputs = 1; inputs <= shape.symbols(); ++inputs) {
    shape.inputs = inputs;
    if (shape.bits_of_input(0) >= 1) possible.push_back(inputs);
  }
  shape.inputs = *rc::gen::elementOf(possible);
  return shape;
}

}  // namespace optinc::device
