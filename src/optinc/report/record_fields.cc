#include "optinc/report/record_fields.h"

#include <limits>

#include "optinc/base/error.h"

namespace optinc::report {

std::string quote_json(const base::Json& value) {
  constexpr std::size_t kLongestQuote = 60;
  std::string quote = value.dump(-1, ' ', /*ensure_ascii=*/true);
  if (quote.size() > kLongestQuote) quote = quote.substr(0, kLongestQuote) + "...";
  return quote;
}

const base::Json& RecordFields::value(std::string_view key) const {
  const auto found = record_.find(key);
  base::require(found != record_.end(), "{}: no key '{}'", place_, key);
  return *found;
}

double RecordFields::number(std::string_view key) const {
  const base::Json& found = value(key);
  if (found.is_null()) return std::numeric_limits<double>::quiet_NaN();
  if (!found.is_number()) refuse_type(key, found, "a number");
  return found.get<double>();
}

std::int64_t RecordFields::integer(std::string_view key) const {
  const base::Json& found = value(key);
  constexpr std::uint64_t kLargest = std::numeric_limits<std::int64_t>::max();
  if (!found.is_number_integer() || (found.is_number_unsigned() && found.get<std::uint64_t>() > kLargest)) {
    refuse_type(key, found, "an integer");
  }
  return found.get<std::int64_t>();
}

std::uint64_t RecordFields::count(std::string_view key) const {
  const base::Json& found = value(key);
  if (!found.is_number_unsigned()) refuse_type(key, found, "an integer from 0");
  return found.get<std::uint64_t>();
}

bool RecordFields::flag(std::string_view key) const {
  const base::Json& found = value(key);
  if (!found.is_boolean()) refuse_type(key, found, "true or false");
  return found.get<bool>();
}

std::string RecordFields::text(std::string_view key) const {
  const base::Json& found = value(key);
  if (!found.is_string()) refuse_type(key, found, "a string");
  return found.get<std::string>();
}

const base::Json& RecordFields::object(std::string_view key) const {
  const base::Json& found = value(key);
  if (!found.is_object()) refuse_type(key, found, "an object");
  return found;
}

const base::Json& RecordFields::list(std::string_view key) const {
  const base::Json& found = value(key);
  if (!found.is_array()) refuse_type(key, found, "a list");
  return found;
}

RecordFields RecordFields::item(std::string_view key, std::size_t index) const {
  const base::Json& found = list(key).at(index);
  std::string item_place = fmt::format("{}: {}[{}]", place_, key, index);
  base::require(found.is_object(), "{}: not an object", item_place);
  return {std::move(item_place), found};
}

void RecordFields::refuse_type(std::string_view key, const base::Json& found, std::string_view expected) const {
  base::refuse("{}: '{}' is {}, expected {}", place_, key, quote_json(found), expected);
}

}  // namespace optinc::report
