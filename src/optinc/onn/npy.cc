#include "optinc/onn/npy.h"

#include <algorithm>
#include <charconv>

#include "optinc/base/error.h"
#include "optinc/onn/import_readers.h"

namespace optinc::onn {
namespace {

constexpr std::string_view kMagic = "\x93NUMPY";
constexpr std::size_t kMagicBytes = 8;  // with two bytes of version
constexpr std::size_t kAlignment = 64;

/// What stands behind 'key': in the header; empty where there is none.
std::string_view value_of(std::string_view header, std::string_view key) {
  const std::string quoted = fmt::format("'{}':", key);
  const std::size_t found = header.find(quoted);
  if (found == header.npos) return {};
  header.remove_prefix(found + quoted.size());
  header.remove_prefix(std::min(header.find_first_not_of(' '), header.size()));
  return header;
}

std::vector<std::uint64_t> parse_shape(std::string_view text, std::string_view place) {
  const std::string_view whole = text.substr(0, text.find(')') + 1);
  base::require(text.starts_with('(') && !whole.empty(), "{}: no shape in the header, expected one like (64, 4)",
                place);
  std::vector<std::uint64_t> shape;
  for (const char* at = whole.data() + 1; *at != ')';) {
    if (*at == ' ' || *at == ',') {
      ++at;
      continue;
    }
    std::uint64_t size = 0;
    const auto [end, error] = std::from_chars(at, whole.data() + whole.size(), size);
    base::require(error == std::errc(), "{}: shape {}, expected one like (64, 4)", place, printable(whole));
    shape.push_back(size);
    at = end;
  }
  return shape;
}

}  // namespace

NpyArray parse_npy(std::string_view bytes, std::string_view place) {
  base::require(bytes.size() >= kMagicBytes + 4 && bytes.starts_with(kMagic),
                "{}: does not begin as a .npy file, expected \\x93NUMPY", place);
  const int version = static_cast<unsigned char>(bytes[6]);
  base::require(version >= 1 && version <= 3, "{}: .npy version {}, expected 1 to 3", place, version);
  const std::size_t length_bytes = version == 1 ? 2 : 4;
  std::size_t header_bytes = 0;
  for (std::size_t i = length_bytes; i-- > 0;) {
    header_bytes = header_bytes << 8 | static_cast<unsigned char>(bytes[kMagicBytes + i]);
  }
  const std::size_t begin = kMagicBytes + length_bytes;
  base::require(header_bytes <= bytes.size() - begin, "{}: header of {} bytes, expected at most the {} that follow",
                place, header_bytes, bytes.size() - begin);
  const std::string_view header = bytes.substr(begin, header_bytes);

  NpyArray array;
  const std::string_view type = value_of(header, "descr");
  array.type = printable(type.substr(0, std::min<std::size_t>(type.find_first_of(",}"), 40)));
  const std::string_view order = value_of(header, "fortran_order");
  array.column_major = order.starts_with("True");
  base::require(array.column_major || order.starts_with("False"),
                "{}: no fortran_order in the header, expected True or False", place);
  array.shape = parse_shape(value_of(header, "shape"), place);
  array.data = bytes.substr(begin + header_bytes);
  return array;
}

std::string write_npy(const NpyArray& array) {
  std::string header = fmt::format("{{'descr': {}, 'fortran_order': {}, 'shape': ({}{}), }}", array.type,
                                   array.column_major ? "True" : "False", fmt::join(array.shape, ", "),
                                   array.shape.size() == 1 ? "," : "");
  const std::size_t begin = kMagicBytes + 2;
  const std::size_t whole = (begin + header.size() + 1 + kAlignment - 1) / kAlignment * kAlignment;
  header.resize(whole - begin - 1, ' ');
  header += '\n';
  base::require(header.size() <= 0xffff, "a .npy header of {} bytes, expected at most 65535", header.size());
  std::string bytes(kMagic);
  bytes.reserve(whole + array.data.size());
  bytes += {'\1', '\0', static_cast<char>(header.size() & 0xff), static_cast<char>(header.size() >> 8)};
  bytes += header;
  bytes += array.data;
  return bytes;
}

}  // namespace optinc::onn
