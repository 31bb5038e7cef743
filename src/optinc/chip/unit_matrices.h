// Units P and T as matrices of fields (paper section III-A).
#pragma once

#include "optinc/device/device_shape.h"
#include "optinc/linalg/polar.h"

namespace optinc::chip {

/// P [K, N M]: input k of the ONN = the mean over the servers of their symbols in group k, the most significant times
/// 4^(s-1). Column i N + n is symbol i (0: most significant) of server n: an input's columns are neighbours.
linalg::Matrix preprocessing_matrix(const device::DeviceShape& shape);

/// T [N M, M]: a copy of every output for every server, row i N + n for symbol i of server n.
linalg::Matrix splitting_matrix(const device::DeviceShape& shape);

/// The largest level that an input of the ONN can have.
double largest_level(const device::DeviceShape& shape);
/// The largest level that a server (in a cascade's level 2: a device of level 1) can send as symbol i.
double largest_symbol(const device::DeviceShape& shape, int symbol);

}  // namespace optinc::chip
