#include "optinc/onn/role.h"

#include "optinc/base/error.h"

namespace optinc::onn {

std::string to_string(Role role) {
  switch (role) {
    case Role::single:
      return "single";
    case Role::cascade_level_1:
      return "cascade-level-1";
    case Role::cascade_level_2:
      return "cascade-level-2";
  }
  return "?";
}

Role parse_role(std::string_view name) {
  for (const Role role : {Role::single, Role::cascade_level_1, Role::cascade_level_2}) {
    if (to_string(role) == name) return role;
  }
  base::refuse("role \"{}\": expected single, cascade-level-1 or cascade-level-2", name);
}

}  // namespace optinc::onn
