// A structure for a device that no table lists: how many inputs, how wide the layers, which of them approximated.
#pragma once

#include <string>
#include <vector>

#include "optinc/device/device_shape.h"
#include "optinc/onn/layer_set.h"

namespace optinc::design {

struct Structure {
  std::vector<int> widths;  ///< K, hidden widths, M
  onn::LayerSet approximated;
  std::string why;  ///< in words, one line
};

/// Follows the published structures, all four of which it gives (paper, Table I): layers double from 64 to a widest one
/// and halve again.
///   K       the shape's inputs; if 0: the most, up to 4, that cut the M symbols into full groups and a rest
///   widest  64 N s, at the next power of two (s symbols an input), at least 128 and at most 4096
///   approximated  every layer but the first and the last; at widest 256 and below, those too where they can be cut in
///   squares
/// Throws base::InputError for an impossible shape.
Structure pick_structure(device::DeviceShape shape);

}  // namespace optinc::design
