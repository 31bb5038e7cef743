// The safetensors format, float32 tensors only: eight bytes of header length (little-endian), a JSON header
// {"__metadata__": {string: string}, "name": {"dtype": "F32", "shape": [...], "data_offsets": [begin, end]}, ...}, then
// the tensors' bytes without gaps, little-endian and row-major.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace optinc::onn {

struct Tensor {
  std::string name;
  std::vector<std::uint64_t> shape;  ///< no entries: one number
  std::vector<float> values;         ///< as many as the product of the shape, row-major

  bool operator==(const Tensor&) const = default;
};

struct TensorFile {
  std::vector<std::pair<std::string, std::string>> metadata;
  std::vector<Tensor> tensors;

  bool operator==(const TensorFile&) const = default;
};

/// The bytes of a file, metadata and tensors in the order given: the same input gives the same bytes. The header is
/// padded with spaces, so that the data begin at a multiple of 8. Throws base::InputError for a tensor whose values
/// don't fill its shape, for names that occur twice and for text that is not UTF-8.
std::string write_safetensors(const TensorFile& file);

/// The inverse. `file_name` is for messages only. Throws base::InputError, one line that names file, tensor, the value
/// found and what was expected, for anything but a whole, well-formed file of float32 tensors (NaN and Inf are let
/// through).
TensorFile parse_safetensors(std::string_view bytes, std::string_view file_name);

}  // namespace optinc::onn
