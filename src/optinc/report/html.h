// Text that is safe inside a page, and numbers as people write them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "optinc/base/record.h"
#include "optinc/base/text.h"

namespace optinc::report {

using base::with_commas;

/// & < > " ' as character references: safe as text and inside a quoted attribute.
std::string escape_html(std::string_view text);

/// JSON for a <script> element: < > & and the line separators U+2028, U+2029 are written \uXXXX, so nothing in a string
/// can end the element. Bytes that are no UTF-8 become U+FFFD.
std::string script_json(const base::Json& json, int indent = -1);

/// With a capital letter at its beginning, where that is a letter of a to z.
std::string capitalised(std::string text);
/// A share with two decimals, "39.27 %"; one that is not 0 or 1 never looks like it: 0.9999999 -> "99.99999 %".
std::string format_share(double share);
/// A fixed number of decimals with a true minus sign; "not finite" for NaN and infinities.
std::string format_number(double value, int decimals);
/// As format_number, with a sign in front of positive values too.
std::string format_difference(double value, int decimals);
/// A factor with three significant digits at least: 1.5 -> "1.5×", 0.2520 -> "0.252×".
std::string format_factor(double factor);
/// Three significant digits below a minute, "0.0931 s", "12.3 s"; else as base::format_duration.
std::string format_seconds(double seconds);
/// "1.57 MB" and so on, powers of 1000.
std::string format_bytes(double bytes);

}  // namespace optinc::report
