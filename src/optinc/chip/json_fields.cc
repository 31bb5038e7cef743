#include "optinc/chip/json_fields.h"

#include <algorithm>
#include <limits>

namespace optinc::chip {
namespace {

using base::Json;

/// A value, fit for a message: one line, ASCII, short.
std::string show(const Json& value) {
  if (value.is_object()) return "an object";
  if (value.is_array()) return fmt::format("a list of {}", value.size());
  constexpr std::size_t kLongest = 80;
  const std::string text = value.dump(-1, ' ', true, Json::error_handler_t::replace);
  return text.size() <= kLongest ? text : text.substr(0, kLongest) + "...";
}

}  // namespace

bool is_plain_text(std::string_view text) {
  return text.size() <= kLongestText &&
         std::ranges::none_of(text, [](unsigned char c) { return c < 0x20 || c == 0x7f; });
}

JsonFields::JsonFields(std::string file, std::string path, const Json& object)
    : file_(std::move(file)), path_(std::move(path)), object_(&object) {
  base::require(object.is_object(), "{}: is {}, expected an object", place(), show(object));
}

const Json& JsonFields::value(std::string_view key, std::string_view expected) const {
  const auto found = object_->find(std::string(key));
  base::require(found != object_->end(), "{}: no key \"{}\", expected {}", place(), key, expected);
  return *found;
}

const Json& JsonFields::list(std::string_view key, std::string_view expected) const {
  const Json& found = value(key, expected);
  base::require(found.is_array(), "{}: \"{}\" is {}, expected {}", place(), key, show(found), expected);
  return found;
}

std::int64_t JsonFields::large_integer(std::string_view key) const {
  const Json& found = value(key, "a whole number");
  const bool too_large = found.is_number_unsigned() &&
                         found.get<std::uint64_t>() > std::uint64_t{std::numeric_limits<std::int64_t>::max()};
  base::require(found.is_number_integer() && !too_large, "{}: \"{}\" is {}, expected a whole number below 2^63",
                place(), key, show(found));
  return found.get<std::int64_t>();
}

int JsonFields::integer(std::string_view key) const {
  const std::int64_t found = large_integer(key);
  base::require(found >= std::numeric_limits<int>::min() && found <= std::numeric_limits<int>::max(),
                "{}: \"{}\" is {}, expected a whole number below 2^31", place(), key, found);
  return static_cast<int>(found);
}

double JsonFields::number(std::string_view key) const {
  const Json& found = value(key, "a number");
  base::require(found.is_number(), "{}: \"{}\" is {}, expected a number", place(), key, show(found));
  return found.get<double>();
}

bool JsonFields::flag(std::string_view key) const {
  const Json& found = value(key, "true or false");
  base::require(found.is_boolean(), "{}: \"{}\" is {}, expected true or false", place(), key, show(found));
  return found.get<bool>();
}

std::string JsonFields::text(std::string_view key) const {
  const Json& found = value(key, "a text");
  base::require(found.is_string(), "{}: \"{}\" is {}, expected a text", place(), key, show(found));
  auto text = found.get<std::string>();
  base::require(is_plain_text(text), "{}: \"{}\" has {} bytes, expected at most {} and no control characters", place(),
                key, text.size(), kLongestText);
  return text;
}

std::vector<double> JsonFields::numbers(std::string_view key) const {
  const Json& found = list(key, "a list of numbers");
  std::vector<double> numbers;
  numbers.reserve(found.size());
  for (const Json& item : found) {
    base::require(item.is_number(), "{}: \"{}\"[{}] is {}, expected a number", place(), key, numbers.size(),
                  show(item));
    numbers.push_back(item.get<double>());
  }
  return numbers;
}

JsonFields JsonFields::object(std::string_view key) const {
  return {file_, path_of(key), value(key, "an object")};
}

bool JsonFields::is_null(std::string_view key) const {
  return value(key, "an object or null").is_null();
}

std::vector<JsonFields> JsonFields::objects(std::string_view key) const {
  std::vector<JsonFields> result;
  for (const Json& item : list(key, "a list of objects")) {
    result.emplace_back(file_, fmt::format("{}[{}]", path_of(key), result.size()), item);
  }
  return result;
}

}  // namespace optinc::chip
