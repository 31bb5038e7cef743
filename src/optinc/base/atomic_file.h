// Files that are whole or not there: written aside, then renamed.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace optinc::base {

/// Writes `content` to `path` so that a reader, or a kill at any moment, finds the old file or the new one, never a
/// part. Throws RunError with the path and the system's reason.
void write_file_atomically(const std::filesystem::path& path, std::string_view content);

/// The whole file. Throws InputError if it can't be read.
std::string read_file(const std::filesystem::path& path);

}  // namespace optinc::base
