// The library's numbers as NumPy arrays, and back.
#pragma once

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include <complex>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "optinc/linalg/unitary.h"

namespace optinc::python {

/// Any array or list of numbers, converted where it must be: contiguous, row-major.
template <typename T>
using Array = pybind11::array_t<T, pybind11::array::c_style | pybind11::array::forcecast>;

/// A read-only array on `owner`'s memory, which it keeps alive.
template <typename T>
pybind11::array view(const std::vector<T>& values, const std::vector<pybind11::ssize_t>& shape,
                     pybind11::handle owner) {
  pybind11::array_t<T> array(shape, values.data(), owner);
  array.attr("setflags")(pybind11::arg("write") = false);
  return array;
}

/// All of them, [n].
template <typename T>
pybind11::array view(const std::vector<T>& values, pybind11::handle owner) {
  return view(values, {static_cast<pybind11::ssize_t>(values.size())}, owner);
}

/// A new array with these values, [n].
template <typename T>
pybind11::array copy(const std::vector<T>& values) {
  return pybind11::array_t<T>(static_cast<pybind11::ssize_t>(values.size()), values.data());
}
pybind11::array copy(const linalg::ComplexMatrix& matrix);

template <typename T>
std::span<const T> numbers(const Array<T>& array) {
  return {array.data(), static_cast<std::size_t>(array.size())};
}
template <typename T>
std::span<T> numbers(Array<T>& array) {
  return {array.mutable_data(), static_cast<std::size_t>(array.size())};
}

template <typename T>
Array<T> empty(const std::vector<pybind11::ssize_t>& shape) {
  return Array<T>(shape);
}
std::vector<pybind11::ssize_t> shape_of(const pybind11::array& array);
/// "(3, 4)", for errors.
std::string shape_text(const pybind11::array& array);

/// An array or list of whole numbers as unsigned ones of 32 bits. Throws base::InputError, with `what`, for other
/// things and for a number beyond 0 .. most.
Array<std::uint32_t> unsigned_numbers(const pybind11::object& given, std::uint64_t most, const char* what);

}  // namespace optinc::python
