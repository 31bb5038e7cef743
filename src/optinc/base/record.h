// Records: what a long command did, one JSON object a line (doc/format_records.md). A killed run leaves whole lines and
// at most one half line at the end, which readers skip.
#pragma once

#include <filesystem>
#include <fstream>
#include <vector>

#include <nlohmann/json.hpp>

namespace optinc::base {

/// Keys keep the order in which they were written.
using Json = nlohmann::ordered_json;

/// JSON has no NaN and no infinities: null says that there is no number.
Json number_or_null(double value);

enum class RecordMode { replace, append };

/// Writes one line an object, flushed at once. Throws RunError when the file can't be written.
class RecordWriter {
 public:
  /// With `append`, a half line left by a killed run is cut off first.
  RecordWriter(const std::filesystem::path& path, RecordMode mode);
  void write(const Json& record);

 private:
  std::filesystem::path path_;
  std::ofstream stream_;
};

/// All whole records of a file. Throws InputError for a missing file or a line (other than a half last one) that is no
/// JSON object, with the line's number.
std::vector<Json> read_records(const std::filesystem::path& path);

}  // namespace optinc::base
