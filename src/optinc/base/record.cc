#include "optinc/base/record.h"

#include <cmath>
#include <string>
#include <string_view>

#include "optinc/base/atomic_file.h"
#include "optinc/base/error.h"

namespace optinc::base {

Json number_or_null(double value) {
  return std::isfinite(value) ? Json(value) : Json(nullptr);
}

RecordWriter::RecordWriter(const std::filesystem::path& path, RecordMode mode) : path_(path) {
  if (mode == RecordMode::append && std::filesystem::exists(path)) {
    const std::string content = read_file(path);
    const std::size_t whole = content.rfind('\n') + 1;  // npos + 1 = 0: not one whole line
    if (whole != content.size()) std::filesystem::resize_file(path, whole);
  }
  stream_.open(path, mode == RecordMode::append ? std::ios::app : std::ios::trunc);
  if (!stream_) throw RunError(fmt::format("{}: can't open for writing", path.string()));
}

void RecordWriter::write(const Json& record) {
  stream_ << record.dump() << '\n' << std::flush;
  if (!stream_) throw RunError(fmt::format("{}: can't write (disk full?)", path_.string()));
}

std::vector<Json> read_records(const std::filesystem::path& path) {
  const std::string content = read_file(path);
  std::vector<Json> records;
  std::size_t begin = 0;
  for (int line = 1; begin < content.size(); ++line) {
    const std::size_t end = content.find('\n', begin);
    if (end == std::string::npos) break;  // a half line: the writer was killed there
    const std::string_view text(content.data() + begin, end - begin);
    begin = end + 1;
    if (text.empty()) continue;
    Json record = Json::parse(text, nullptr, /*allow_exceptions=*/false);
    require(record.is_object(), "{}:{}: not a JSON object", path.string(), line);
    records.push_back(std::move(record));
  }
  return records;
}

}  // namespace optinc::base
