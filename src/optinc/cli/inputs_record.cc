#include "optinc/cli/inputs_record.h"

#include "optinc/verify/inputs.h"

namespace optinc::cli {

base::Json inputs_json(const device::DeviceShape& shape) {
  const double inputs = verify::possible_inputs(shape);
  if (inputs < 0x1p63) return shape.input_count();
  return inputs;
}

}  // namespace optinc::cli
