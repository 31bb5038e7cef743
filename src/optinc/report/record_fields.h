// The keys of one record, read strictly: a key that is missing or of another type is named with its place.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "optinc/base/record.h"

namespace optinc::report {

/// A value for a message: as JSON, cut where it is long.
std::string quote_json(const base::Json& value);

/// Every reading throws InputError, `FILE: record 3 ("step"): no key 'loss'` or `...: 'loss' is "x", expected a
/// number`.
class RecordFields {
 public:
  /// `record` must outlive this; `place` is `FILE: record 3 ("step")`, or that with the item of a list behind it.
  RecordFields(std::string place, const base::Json& record) : place_(std::move(place)), record_(record) {}

  bool has(std::string_view key) const { return record_.contains(key); }
  /// A number; null, which is how JSON writes a NaN or an infinity, is NaN.
  double number(std::string_view key) const;
  /// An integer of either sign.
  std::int64_t integer(std::string_view key) const;
  /// An integer from 0.
  std::uint64_t count(std::string_view key) const;
  bool flag(std::string_view key) const;
  std::string text(std::string_view key) const;
  const base::Json& object(std::string_view key) const;
  const base::Json& list(std::string_view key) const;
  /// Any value.
  const base::Json& value(std::string_view key) const;
  /// The fields of item `index` of the list `key`, which must be an object.
  RecordFields item(std::string_view key, std::size_t index) const;

  const std::string& place() const { return place_; }

 private:
  [[noreturn]] void refuse_type(std::string_view key, const base::Json& found, std::string_view expected) const;

  std::string place_;
  const base::Json& record_;
};

}  // namespace optinc::report
