// What an ONN is for: the only device of a network, or one level of a cascade (paper section III-C).
#pragma once

#include <string>
#include <string_view>

namespace optinc::onn {

/// single           K inputs in steps of 1/N, M integer symbols.
/// cascade_level_1  the same inputs; keeps the decimals: symbol M is the digit plus d, d in steps of 1/N.
/// cascade_level_2  averages N devices of level 1: input K comes in steps of 1/N^2; M integer symbols.
enum class Role { single, cascade_level_1, cascade_level_2 };

/// "single", "cascade-level-1", "cascade-level-2".
std::string to_string(Role role);
/// The inverse. Throws base::InputError with the names that exist.
Role parse_role(std::string_view name);

}  // namespace optinc::onn
