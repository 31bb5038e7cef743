// How many inputs are possible, for records.
#pragma once

#include "optinc/base/record.h"
#include "optinc/device/device_shape.h"

namespace optinc::cli {

/// As a whole number where 63 bits hold it, else to 53 bits.
base::Json inputs_json(const device::DeviceShape& shape);

}  // namespace optinc::cli
