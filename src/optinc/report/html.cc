#include "optinc/report/html.h"

#include <algorithm>
#include <array>
#include <cmath>

#include <fmt/format.h>

#include "optinc/base/progress.h"

namespace optinc::report {

std::string escape_html(std::string_view text) {
  std::string escaped;
  escaped.reserve(text.size());
  for (const char c : text) {
    switch (c) {
      case '&':
        escaped += "&amp;";
        break;
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      case '"':
        escaped += "&quot;";
        break;
      case '\'':
        escaped += "&#39;";
        break;
      default:
        escaped += c;
    }
  }
  return escaped;
}

std::string script_json(const base::Json& json, int indent) {
  const std::string text = json.dump(indent, ' ', /*ensure_ascii=*/true, base::Json::error_handler_t::replace);
  std::string safe;
  safe.reserve(text.size());
  for (const char c : text) {
    if (c == '<' || c == '>' || c == '&') {
      safe += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
    } else {
      safe += c;
    }
  }
  return safe;
}

std::string capitalised(std::string text) {
  if (!text.empty() && text[0] >= 'a' && text[0] <= 'z') text[0] = static_cast<char>(text[0] - 'a' + 'A');
  return text;
}

std::string format_share(double share) {
  if (!std::isfinite(share)) return "not finite";
  const double percent = 100 * share;
  std::string text = fmt::format("{:.2f}", percent);
  const bool touches_an_end = (text == "0.00" && percent > 0) || (text == "100.00" && percent < 100);
  for (int decimals = 3; touches_an_end && decimals <= 12; ++decimals) {
    text = fmt::format("{:.{}f}", percent, decimals);
    const double shown = std::stod(text);
    if (shown > 0 && shown < 100) break;
  }
  return text + "\u00a0%";
}

std::string format_number(double value, int decimals) {
  if (!std::isfinite(value)) return "not finite";
  const std::string text = fmt::format("{:.{}f}", std::abs(value), decimals);
  const bool is_zero = text.find_first_not_of("0.") == std::string::npos;
  return value < 0 && !is_zero ? "\u2212" + text : text;
}

std::string format_difference(double value, int decimals) {
  std::string text = format_number(value, decimals);
  const bool is_zero = text.find_first_not_of("0.") == std::string::npos;
  if (!std::isfinite(value) || value < 0 || is_zero) return text;
  return "+" + text;
}

std::string format_factor(double factor) {
  if (!std::isfinite(factor)) return "not finite";
  return fmt::format("{:.3g}\u00d7", factor);
}

std::string format_seconds(double seconds) {
  if (!std::isfinite(seconds)) return "not finite";
  return seconds < 60 ? fmt::format("{:.3g}\u00a0s", seconds) : base::format_duration(seconds);
}

std::string format_bytes(double bytes) {
  if (!std::isfinite(bytes)) return "not finite";
  constexpr std::array kUnits = {"B", "kB", "MB", "GB", "TB", "PB"};
  std::size_t unit = 0;
  while (bytes >= 999.5 && unit + 1 < kUnits.size()) {
    bytes /= 1000;
    ++unit;
  }
  return fmt::format("{:.3g}\u00a0{}", bytes, kUnits[unit]);
}

}  // namespace optinc::report
