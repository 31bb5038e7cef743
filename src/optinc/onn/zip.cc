#include "optinc/onn/zip.h"

#include <zlib.h>

#include <algorithm>
#include <cstring>
#include <limits>

#include "optinc/base/error.h"
#include "optinc/onn/import_readers.h"

namespace optinc::onn {
namespace {

constexpr std::size_t kEndBytes = 22;      // the record at the end of the archive, without its comment
constexpr std::size_t kCentralBytes = 46;  // an entry of the central directory, without name, extra field and comment
constexpr std::size_t kLocalBytes = 30;    // the header before an entry's bytes, without name and extra field
constexpr std::size_t kLongestComment = 65535;
constexpr std::uint16_t kStored = 0;
constexpr std::uint16_t kDeflated = 8;

template <typename Number>
Number at(std::string_view bytes, std::size_t place) {
  Number number;
  std::memcpy(&number, bytes.data() + place, sizeof(number));  // zip is little-endian, and so are we
  return number;
}

template <typename Number>
void append(std::string& bytes, Number number) {
  bytes.append(reinterpret_cast<const char*>(&number), sizeof(number));
}

std::uint32_t checksum_of(std::string_view bytes) {
  return static_cast<std::uint32_t>(
      crc32(0, reinterpret_cast<const Bytef*>(bytes.data()), static_cast<uInt>(bytes.size())));
}

/// What the header before an entry's bytes and the entry of the list have in common.
void append_description(std::string& bytes, const ZipEntry& entry) {
  constexpr std::uint16_t kVersionNeeded = 20;
  constexpr std::uint16_t kMidnight = 0;
  constexpr std::uint16_t kFirstDay = 1 << 5 | 1;  // 1980-01-01
  append(bytes, kVersionNeeded);
  append(bytes, entry.flags);
  append(bytes, entry.method);
  append(bytes, kMidnight);
  append(bytes, kFirstDay);
  append(bytes, entry.checksum);
  append(bytes, entry.packed_bytes);
  append(bytes, entry.bytes);
  append(bytes, static_cast<std::uint16_t>(entry.name.size()));
  append(bytes, std::uint16_t{0});  // extra field
}

/// The place of the record at the end of the archive.
std::size_t find_end(std::string_view bytes, std::string_view file_name) {
  if (bytes.size() >= kEndBytes) {
    const std::size_t last = bytes.size() - kEndBytes;
    const std::size_t first = last - std::min(last, kLongestComment);
    for (std::size_t place = last + 1; place-- > first;) {
      if (bytes.substr(place, 4) == "PK\5\6" &&
          place + kEndBytes + at<std::uint16_t>(bytes, place + 20) == bytes.size()) {
        return place;
      }
    }
  }
  base::refuse("{}: a zip archive without its list of entries at the end, expected a whole one (the file is cut short)",
               file_name);
}

std::string inflate_whole(std::string_view packed, std::size_t bytes, std::string_view file_name,
                          std::string_view name) {
  std::string unpacked(bytes, '\0');
  z_stream stream{};
  constexpr int kRaw = -MAX_WBITS;  // no zlib header: zip has its own
  if (inflateInit2(&stream, kRaw) != Z_OK) throw base::RunError("zlib does not start");
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
  stream.avail_in = static_cast<uInt>(packed.size());
  stream.next_out = reinterpret_cast<Bytef*>(unpacked.data());
  stream.avail_out = static_cast<uInt>(unpacked.size());
  const int code = inflate(&stream, Z_FINISH);
  const std::size_t got = stream.total_out;
  inflateEnd(&stream);
  base::require(code == Z_STREAM_END && got == bytes,
                "{}: entry {} does not unpack to its {} bytes (the file is damaged)", file_name, name, bytes);
  return unpacked;
}

}  // namespace

Zip::Zip(std::string_view bytes, std::string_view file_name) : bytes_(bytes), file_name_(file_name) {
  const std::size_t end = find_end(bytes, file_name);
  const auto count = at<std::uint16_t>(bytes, end + 10);
  std::size_t place = at<std::uint32_t>(bytes, end + 16);
  for (int i = 0; i < count; ++i) {
    base::require(
        place <= end && end - place >= kCentralBytes && bytes.substr(place, 4) == "PK\1\2",
        "{}: entry {} of {} in the zip archive's list is not there (the file is damaged, or larger than 4 GiB)",
        file_name, i + 1, count);
    const std::size_t name_bytes = at<std::uint16_t>(bytes, place + 28);
    const std::size_t rest = name_bytes + at<std::uint16_t>(bytes, place + 30) + at<std::uint16_t>(bytes, place + 32);
    base::require(end - place - kCentralBytes >= rest, "{}: entry {} of {} in the zip archive's list is cut short",
                  file_name, i + 1, count);
    entries_.push_back({.name = std::string(bytes.substr(place + kCentralBytes, name_bytes)),
                        .flags = at<std::uint16_t>(bytes, place + 8),
                        .method = at<std::uint16_t>(bytes, place + 10),
                        .checksum = at<std::uint32_t>(bytes, place + 16),
                        .packed_bytes = at<std::uint32_t>(bytes, place + 20),
                        .bytes = at<std::uint32_t>(bytes, place + 24),
                        .place = at<std::uint32_t>(bytes, place + 42)});
    place += kCentralBytes + rest;
  }
}

const ZipEntry* Zip::find(std::string_view name) const {
  const auto found = std::ranges::find(entries_, name, &ZipEntry::name);
  return found == entries_.end() ? nullptr : &*found;
}

std::string Zip::read(const ZipEntry& entry) {
  constexpr std::uint16_t kEncrypted = 1;
  const std::string name = printable(entry.name);
  base::require((entry.flags & kEncrypted) == 0, "{}: entry {} is encrypted, expected it not to be", file_name_, name);
  base::require(entry.method == kStored || entry.method == kDeflated,
                "{}: entry {} is packed by method {}, expected 0 (stored) or 8 (deflated)", file_name_, name,
                entry.method);
  unpacked_bytes_ += entry.bytes;
  base::require(unpacked_bytes_ <= kMostUnpackedBytes, "{}: {} bytes up to entry {}, expected at most {}", file_name_,
                unpacked_bytes_, name, kMostUnpackedBytes);
  const std::size_t place = entry.place;
  base::require(place <= bytes_.size() && bytes_.size() - place >= kLocalBytes && bytes_.substr(place, 4) == "PK\3\4",
                "{}: entry {} is not where the list says (the file is damaged)", file_name_, name);
  const std::size_t begin =
      place + kLocalBytes + at<std::uint16_t>(bytes_, place + 26) + at<std::uint16_t>(bytes_, place + 28);
  base::require(begin <= bytes_.size() && bytes_.size() - begin >= entry.packed_bytes,
                "{}: entry {} is cut short, expected {} bytes", file_name_, name, entry.packed_bytes);
  const std::string_view packed = bytes_.substr(begin, entry.packed_bytes);
  // Deflate makes at most 1,032 bytes of one: more is a lie that would only cost memory.
  base::require(entry.method == kStored ? entry.bytes == entry.packed_bytes
                                        : entry.bytes / 1032 <= std::uint64_t{entry.packed_bytes} + 1,
                "{}: entry {} can't have {} bytes, packed {} (the file is damaged)", file_name_, name, entry.bytes,
                entry.packed_bytes);
  std::string result =
      entry.method == kStored ? std::string(packed) : inflate_whole(packed, entry.bytes, file_name_, name);
  const std::uint32_t checksum = checksum_of(result);
  base::require(checksum == entry.checksum, "{}: entry {} has checksum {:08x}, expected {:08x} (the file is damaged)",
                file_name_, name, checksum, entry.checksum);
  return result;
}

std::string write_zip(const std::vector<std::pair<std::string, std::string>>& entries) {
  constexpr std::uint64_t kMostBytes = std::numeric_limits<std::uint32_t>::max();
  constexpr std::size_t kMostEntries = std::numeric_limits<std::uint16_t>::max() - 1;  // the last stands for zip64
  std::uint64_t whole = kEndBytes;
  for (const auto& [name, content] : entries) {
    base::require(name.size() <= 0xffff, "a zip archive's entry with a name of {} bytes, expected at most 65535",
                  name.size());
    whole += kLocalBytes + kCentralBytes + 2 * name.size() + content.size();
  }
  base::require(entries.size() <= kMostEntries && whole < kMostBytes,
                "a zip archive of {} entries and {} bytes, expected at most {} and fewer than {}", entries.size(),
                whole, kMostEntries, kMostBytes);
  std::string bytes, list;
  bytes.reserve(whole);
  for (const auto& [name, content] : entries) {
    const auto size = static_cast<std::uint32_t>(content.size());
    const ZipEntry entry{name, 0, kStored, checksum_of(content), size, size, static_cast<std::uint32_t>(bytes.size())};
    bytes += "PK\3\4";
    append_description(bytes, entry);
    bytes += name;
    bytes += content;
    list += "PK\1\2";
    append(list, std::uint16_t{20});  // made by version 2.0
    append_description(list, entry);
    append(list, std::uint16_t{0});  // comment
    append(list, std::uint16_t{0});  // disk
    append(list, std::uint16_t{0});  // internal attributes
    append(list, std::uint32_t{0});  // external attributes
    append(list, entry.place);
    list += name;
  }
  const auto place = static_cast<std::uint32_t>(bytes.size());
  const auto count = static_cast<std::uint16_t>(entries.size());
  bytes += list;
  bytes += "PK\5\6";
  append(bytes, std::uint32_t{0});  // disks
  append(bytes, count);
  append(bytes, count);
  append(bytes, static_cast<std::uint32_t>(list.size()));
  append(bytes, place);
  append(bytes, std::uint16_t{0});  // comment
  return bytes;
}

}  // namespace optinc::onn
