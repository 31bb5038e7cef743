#include "optinc/cli/inputs_record.h"

#include "optinc/verify/inputs.h"

namespace optinc::cli {

base::Json inputs_json(const device::DeviceShape& shape) {
  if (verify::are_numbered(shape)) return shape.input_count();
  return verify::possible_inputs(shape);
}

}  // namespace optinc::cli
