// Counts as Python gives them.
#pragma once

#include <cstdint>

#include "optinc/base/error.h"

namespace optinc::python {

/// Throws base::InputError, with `name`, for a number below 0.
inline std::uint64_t natural(std::int64_t value, const char* name) {
  base::require(value >= 0, "{} {}: expected 0 or more", name, value);
  return static_cast<std::uint64_t>(value);
}

}  // namespace optinc::python
