#include "optinc/workload/unpack.h"

#include <archive.h>
#include <archive_entry.h>

#include <algorithm>
#include <memory>
#include <system_error>

#include "optinc/base/atomic_file.h"
#include "optinc/base/error.h"

namespace optinc::workload {
namespace {

struct CloseArchive {
  void operator()(archive* opened) const { archive_read_free(opened); }
};

std::string reason_of(archive* opened) {
  const char* const reason = archive_error_string(opened);
  return reason == nullptr ? "no reason given" : reason;
}

void make_folder(const std::filesystem::path& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) throw base::RunError(fmt::format("{}: can't be made: {}", folder.string(), error.message()));
}

std::string content_of_member(archive* opened, const std::filesystem::path& path) {
  std::string content;
  for (;;) {
    const void* block = nullptr;
    std::size_t size = 0;
    la_int64_t offset = 0;
    const int status = archive_read_data_block(opened, &block, &size, &offset);
    if (status == ARCHIVE_EOF) return content;
    base::require(status == ARCHIVE_OK, "{}: damaged or cut off: {}", path.string(), reason_of(opened));
    content.resize(static_cast<std::size_t>(offset), '\0');  // a hole reads as zeros
    content.append(static_cast<const char*>(block), size);
  }
}

}  // namespace

void unpack(const std::filesystem::path& path, const std::filesystem::path& folder,
            const std::vector<std::string>& names) {
  std::vector<std::string> missing;
  for (const std::string& name : names) {
    if (!std::filesystem::exists(folder / name)) missing.push_back(name);
  }
  if (missing.empty()) return;
  const std::unique_ptr<archive, CloseArchive> opened(archive_read_new());
  archive_read_support_filter_all(opened.get());
  archive_read_support_format_tar(opened.get());
  constexpr std::size_t kBlock = 1 << 16;
  base::require(archive_read_open_filename(opened.get(), path.c_str(), kBlock) == ARCHIVE_OK, "{}: no archive: {}",
                path.string(), reason_of(opened.get()));
  archive_entry* entry = nullptr;
  int status = ARCHIVE_OK;
  // A warning is about one member's name or attributes.
  while (!missing.empty() &&
         ((status = archive_read_next_header(opened.get(), &entry)) == ARCHIVE_OK || status == ARCHIVE_WARN)) {
    const char* const path_inside = archive_entry_pathname(entry);
    if (path_inside == nullptr) continue;
    const auto wanted = std::ranges::find(missing, std::filesystem::path(path_inside).filename().string());
    if (wanted == missing.end()) continue;
    const std::string name = *wanted;
    make_folder(folder);
    base::write_file_atomically(folder / name, content_of_member(opened.get(), path));
    missing.erase(wanted);
  }
  base::require(status == ARCHIVE_OK || status == ARCHIVE_WARN || status == ARCHIVE_EOF, "{}: damaged or cut off: {}",
                path.string(), reason_of(opened.get()));
  base::require(missing.empty(), "{}: expected {} in this archive", path.string(), missing.empty() ? "" : missing[0]);
}

}  // namespace optinc::workload
