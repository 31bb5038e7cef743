// Zip archives. Reading them as NumPy and PyTorch write them: entries stored or deflated, not encrypted, below 4 GiB.
// Entries may overlap and pack a gigabyte in a megabyte, so that all that is unpacked counts towards one limit.
// Writing: stored entries.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace optinc::onn {

struct ZipEntry {
  std::string name;  ///< as it is: printable() for messages
  std::uint16_t flags = 0;
  std::uint16_t method = 0;  ///< 0 stored, 8 deflated
  std::uint32_t checksum = 0;
  std::uint32_t packed_bytes = 0;
  std::uint32_t bytes = 0;
  std::uint32_t place = 0;  ///< of its local header
};

class Zip {
 public:
  static constexpr std::uint64_t kMostUnpackedBytes = std::uint64_t{1} << 30;

  /// Reads the list of entries. `bytes` and `file_name` must outlive this. Throws base::InputError, one line, for what
  /// is no whole zip archive.
  Zip(std::string_view bytes, std::string_view file_name);

  const std::vector<ZipEntry>& entries() const { return entries_; }
  std::string_view file_name() const { return file_name_; }
  /// Null where there is none.
  const ZipEntry* find(std::string_view name) const;
  /// The unpacked bytes, their checksum checked. Throws base::InputError, one line, also where all entries read so far
  /// have more than kMostUnpackedBytes.
  std::string read(const ZipEntry& entry);

  static bool is_zip(std::string_view bytes) { return bytes.starts_with("PK\3\4") || bytes.starts_with("PK\5\6"); }

 private:
  std::string_view bytes_;
  std::string_view file_name_;
  std::vector<ZipEntry> entries_;
  std::uint64_t unpacked_bytes_ = 0;  // of all entries read so far
};

/// The bytes of an archive of stored entries (name, bytes), in this order, dated 1980-01-01: the same entries give the
/// same bytes. Throws base::InputError for what a plain archive can't hold: 65535 entries or more, 4 GiB or more.
std::string write_zip(const std::vector<std::pair<std::string, std::string>>& entries);

}  // namespace optinc::onn
