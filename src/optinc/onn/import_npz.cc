// NumPy's .npz: a zip archive of .npy files.
#include "optinc/base/error.h"
#include "optinc/onn/import_readers.h"
#include "optinc/onn/npy.h"

namespace optinc::onn {
namespace {

constexpr std::string_view kEnding = ".npy";

/// Column-major to row-major.
std::vector<float> transposed(const std::vector<float>& values, std::size_t rows, std::size_t columns) {
  std::vector<float> result(values.size());
  for (std::size_t row = 0; row < rows; ++row) {
    for (std::size_t column = 0; column < columns; ++column)
      result[row * columns + column] = values[column * rows + row];
  }
  return result;
}

Tensor read_tensor(std::string_view bytes, std::string name, std::string_view file_name) {
  const std::string place = fmt::format("{}: array {}", file_name, printable(name));
  NpyArray array = parse_npy(bytes, place);
  const std::size_t number_bytes = array.type == "'<f4'" ? 4 : array.type == "'<f8'" ? 8 : 0;
  base::require(number_bytes != 0, "{}: type {}, expected '<f4' or '<f8' (float32 or float64)", place, array.type);
  Tensor tensor{std::move(name), std::move(array.shape), {}};
  const std::uint64_t count = count_numbers(tensor.shape, file_name, tensor.name);
  base::require(array.data.size() == count * number_bytes, "{}: {} bytes, expected {} for its shape and type", place,
                array.data.size(), count * number_bytes);
  tensor.values = floats_of_bytes(array.data, number_bytes);
  if (array.column_major && tensor.shape.size() == 2) {
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
        read_tensor(zip.read(entry), entry.name.substr(0, entry.name.size() - kEnding.size()), zip.file_name()));
  }
  return tensors;
}

}  // namespace optinc::onn
