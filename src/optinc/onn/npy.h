// NumPy's .npy files: a header {'descr': '<f4', 'fortran_order': False, 'shape': (64, 4), } and the numbers.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace optinc::onn {

struct NpyArray {
  std::string type;  ///< as the header has it, quotes and all: "'<f8'"; at most 40 bytes of it, fit for a message
  bool column_major = false;
  std::vector<std::uint64_t> shape;  ///< no entries: one number
  std::string_view data;             ///< the numbers' bytes, as many as follow the header

  bool operator==(const NpyArray&) const = default;
};

/// `bytes` must outlive the result. Throws base::InputError, one line that begins with `place`, for what is no .npy
/// file; types, and whether the data fill the shape, are the caller's business.
NpyArray parse_npy(std::string_view bytes, std::string_view place);

/// The inverse, version 1.0; the data begin at a multiple of 64. Throws base::InputError for a header beyond 64 KiB.
std::string write_npy(const NpyArray& array);

}  // namespace optinc::onn
