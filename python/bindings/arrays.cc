#include "bindings/arrays.h"

#include <algorithm>

#include "optinc/base/error.h"

namespace py = pybind11;

namespace optinc::python {

py::array copy(const linalg::ComplexMatrix& matrix) {
  py::array_t<linalg::Complex> array(
      {static_cast<py::ssize_t>(matrix.rows()), static_cast<py::ssize_t>(matrix.cols())});
  std::copy_n(matrix.data(), matrix.size(), array.mutable_data());
  return array;
}

std::vector<py::ssize_t> shape_of(const py::array& array) {
  return {array.shape(), array.shape() + array.ndim()};
}

std::string shape_text(const py::array& array) {
  return py::str(array.attr("shape")).cast<std::string>();
}

Array<std::uint32_t> unsigned_numbers(const py::object& given, std::uint64_t most, const char* what) {
  const py::array array = py::array::ensure(given);
  if (!array) PyErr_Clear();
  base::require(static_cast<bool>(array), "{} {}: expected an array of whole numbers", what,
                py::repr(given).cast<std::string>());
  const char kind = array.dtype().kind();
  // NumPy makes an empty list an array of floats.
  base::require(kind == 'u' || kind == 'i' || array.size() == 0, "{} of type {}: expected whole numbers", what,
                py::str(py::object(array.dtype())).cast<std::string>());
  const auto check = [&](const auto& whole) {
    for (const auto number : numbers(whole)) {
      base::require(number >= 0 && static_cast<std::uint64_t>(number) <= most, "{} {}: expected 0 .. {}", what, number,
                    most);
    }
  };
  if (kind == 'i') {
    check(Array<std::int64_t>(array));
  } else {
    check(Array<std::uint64_t>(array));
  }
  return Array<std::uint32_t>(array);
}

}  // namespace optinc::python
