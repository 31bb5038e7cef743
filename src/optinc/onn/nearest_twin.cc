#include "optinc/onn/nearest_twin.h"

#include "optinc/base/error.h"
#include "optinc/onn/constant_light.h"

namespace optinc::onn {

Design nearest_twin(const Design& floor_design) {
  base::require(floor_design.rounding == codec::Rounding::floor && floor_design.role != Role::cascade_level_1,
                "a nearest twin of a design with rounding {} and role {}: expected floor, single or cascade-level-2",
                codec::to_string(floor_design.rounding), to_string(floor_design.role));
  const int servers = floor_design.servers;
  const int steps = floor_design.role == Role::cascade_level_2 ? servers * servers : servers;
  const int light = codec::constant_light_steps(codec::Rounding::nearest, steps, 0);
  Design twin = floor_design;
  twin.rounding = codec::Rounding::nearest;
  twin.network = with_constant_light(twin.network, static_cast<float>(light) / static_cast<float>(steps));
  return twin;
}

}  // namespace optinc::onn
