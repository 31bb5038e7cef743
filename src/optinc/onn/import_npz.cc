// NumPy's .npz: a zip archive of .npy files, each a header {'descr': '<f4', 'fortran_order': False, 'shape': (64, 4), }
// and the numbers.
#include <algorithm>
#include <charconv>

#include "optinc/base/error.h"
#include "optinc/onn/import_readers.h"

namespace optinc::onn {
namespace {

constexpr std::string_view kEnding = ".npy";

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

/// Column-major to row-major.
std::vector<float> transposed(const std::vector<float>& values, std::size_t rows, std::size_t columns) {
  std::vector<float> result(values.size());
  for (std::size_t row = 0; row < rows; ++row) {
    for (std::size_t column = 0; column < columns; ++column)
      result[row * columns + column] = values[column * rows + row];
  }
  return result;
}

Tensor parse_npy(std::string_view bytes, std::string name, std::string_view file_name) {
  const std::string place = fmt::format("{}: array {}", file_name, printable(name));
  constexpr std::size_t kMagicBytes = 8;  // "\x93NUMPY", two bytes of version
  base::require(bytes.size() >= kMagicBytes + 4 && bytes.starts_with("\x93NUMPY"),
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
  const std::string_view data = bytes.substr(begin + header_bytes);

  const std::string_view type = value_of(header, "descr");
  const std::size_t number_bytes = type.starts_with("'<f4'") ? 4 : type.starts_with("'<f8'") ? 8 : 0;
  base::require(number_bytes != 0, "{}: type {}, expected '<f4' or '<f8' (float32 or float64)", place,
                printable(type.substr(0, std::min<std::size_t>(type.find(','), 40))));
  const std::string_view order = value_of(header, "fortran_order");
  const bool column_major = order.starts_with("True");
  base::require(column_major || order.starts_with("False"),
                "{}: no fortran_order in the header, expected True or False", place);
  Tensor tensor{std::move(name), parse_shape(value_of(header, "shape"), place), {}};
  const std::uint64_t count = count_numbers(tensor.shape, file_name, tensor.name);
  base::require(data.size() == count * number_bytes, "{}: {} bytes, expected {} for its shape and type", place,
                data.size(), count * number_bytes);
  tensor.values = floats_of_bytes(data, number_bytes);
  if (column_major && tensor.shape.size() == 2) {
    tensor.values = transposed(tensor.values, tensor.shape[0], tensor.shape[1]);
  }
  return tensor;
}

}  // namespace

std::vector<Tensor> read_npz(Zip& zip) {
  base::require(zip.entries().size() <= kMostTensors, "{}: {} arrays, expected at most {}", zip.file_name(),
                zip.entries().size(), kMostTensors);
  std::vector<Tensor> tensors;
  for (const ZipEntry& entry : zip.entries()) {
    base::require(entry.name.ends_with(kEnding), "{}: entry {}, expected arrays (.npy) alone", zip.file_name(),
                  printable(entry.name));
    tensors.push_back(
        parse_npy(zip.read(entry), entry.name.substr(0, entry.name.size() - kEnding.size()), zip.file_name()));
  }
  return tensors;
}

}  // namespace optinc::onn
