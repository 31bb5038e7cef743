// Files out of an archive, by libarchive.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace optinc::workload {

/// Puts the members of `archive` with these names (their last parts: folders within the archive do not matter) into
/// `folder`, which is made if need be. Files that are there already are left as they are; without any that is missing
/// the archive is not opened. Each is written aside, then renamed. Throws base::InputError for what is no archive, is
/// cut off, or lacks one of them; base::RunError when a file can't be written.
void unpack(const std::filesystem::path& archive, const std::filesystem::path& folder,
            const std::vector<std::string>& names);

}  // namespace optinc::workload
