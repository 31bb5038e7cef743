#include "optinc/cli/byte_sizes.h"

#include <charconv>

#include "optinc/base/error.h"

namespace optinc::cli {
namespace {

constexpr std::string_view kUnits = "KMGT";

}  // namespace

std::size_t parse_bytes(std::string_view text) {
  std::size_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  std::string_view unit(end, text.data() + text.size());
  if (unit.ends_with('B') && unit.size() > 1) unit.remove_suffix(1);
  std::size_t shift = 0;
  bool known = error == std::errc() && unit.size() <= 1;
  if (known && !unit.empty()) {
    const std::size_t at = kUnits.find(static_cast<char>(unit[0] >= 'a' ? unit[0] - 'a' + 'A' : unit[0]));
    known = at != std::string_view::npos;
    shift = 10 * (at + 1);
  }
  base::require(known && shift < 62 && number <= (std::size_t{1} << 62 >> shift),
                "size \"{}\": expected bytes like 8, 64K, 256M or 2G", text);
  return number << shift;
}

std::string format_bytes(std::size_t bytes) {
  std::size_t unit = 0;
  while (unit < kUnits.size() && bytes >= 1024 && bytes % 1024 == 0) {
    bytes /= 1024;
    ++unit;
  }
  return unit == 0 ? std::to_string(bytes) : fmt::format("{}{}", bytes, kUnits[unit - 1]);
}

}  // namespace optinc::cli
