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

inline onn::Role arbitrary_role() {
  return *rc::gen::element(onn::Role::single, onn::Role::cascade_level_1, onn::Role::cascade_level_2);
}

/// Any possible shape of this role within these limits.
inline DeviceShape arbitrary_shape(int most_bits, int most_servers, onn::Role role = onn::Role::single) {
  DeviceShape shape{.bits = *rc::gen::inRange(2, most_bits + 1),
                    .servers = *rc::gen::inRange(2, most_servers + 1),
                    .inputs = 1,
                    .rounding = role == onn::Role::cascade_level_1 ? codec::Rounding::floor : arbitrary_rounding(),
                    .role = role};
  std::vector<int> possible;
  for (int inputs = 1; inputs <= shape.symbols(); ++inputs) {
    shape.inputs = inputs;
    if (shape.bits_of_input(0) >= 1) possible.push_back(inputs);
  }
  shape.inputs = *rc::gen::elementOf(possible);
  return shape;
}

}  // namespace optinc::device
