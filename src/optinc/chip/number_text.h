// Numbers as JSON, YAML and Python all read them.
#pragma once

#include <cmath>
#include <iterator>
#include <string>

#include <fmt/format.h>

#include "optinc/base/error.h"

namespace optinc::chip {

/// 17 significant digits, so that it reads back to the bit. Always with a point: without one, JSON would lose the sign
/// of -0 and YAML take 1e-05 for a text. Throws base::InputError for what is not finite, which JSON has no way to
/// write.
inline void append_number(std::string& text, double value) {
  base::require(std::isfinite(value), "{}: expected a finite number", value);
  const std::size_t begin = text.size();
  fmt::format_to(std::back_inserter(text), "{:.17g}", value);
  if (text.find('.', begin) != text.npos) return;
  const std::size_t exponent = text.find('e', begin);
  text.insert(exponent == text.npos ? text.size() : exponent, ".0");
}

}  // namespace optinc::chip
