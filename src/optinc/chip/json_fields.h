// The keys of a JSON object, read strictly: what is missing or of another type is named with its place.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "optinc/base/error.h"
#include "optinc/base/record.h"

namespace optinc::chip {

/// Names and versions: longer ones are taken for garbage.
inline constexpr std::size_t kLongestText = 255;
/// Not too long, no control characters: fit for a message of one line.
bool is_plain_text(std::string_view text);

/// Every reading throws base::InputError, one line: `FILE: stages[0].blocks[2]: no key "row", expected a whole number`.
class JsonFields {
 public:
  /// `object` must outlive this; `file` and `path`, like "stages[0]" or "" for the whole, are for messages. Refuses
  /// what is no object.
  JsonFields(std::string file, std::string path, const base::Json& object);

  /// From -2^31 to 2^31 - 1.
  int integer(std::string_view key) const;
  std::int64_t large_integer(std::string_view key) const;
  double number(std::string_view key) const;
  bool flag(std::string_view key) const;
  /// One that is_plain_text.
  std::string text(std::string_view key) const;
  std::vector<double> numbers(std::string_view key) const;
  JsonFields object(std::string_view key) const;
  /// Null, or an object.
  bool is_null(std::string_view key) const;
  /// The objects of a list.
  std::vector<JsonFields> objects(std::string_view key) const;

  /// parse(text(key)), its refusal with the place before it.
  template <typename Parse>
  auto parsed(std::string_view key, const Parse& parse) const {
    const std::string value = text(key);
    try {
      return parse(value);
    } catch (const base::InputError& error) {
      base::refuse("{}: \"{}\": {}", place(), key, error.what());
    }
  }

 private:
  std::string place() const { return path_.empty() ? file_ : file_ + ": " + path_; }
  std::string path_of(std::string_view key) const { return path_ + (path_.empty() ? "" : ".") + std::string(key); }
  const base::Json& value(std::string_view key, std::string_view expected) const;
  const base::Json& list(std::string_view key, std::string_view expected) const;

  std::string file_;
  std::string path_;
  const base::Json* object_;
};

}  // namespace optinc::chip
