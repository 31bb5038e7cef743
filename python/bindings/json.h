// Records of the library as Python's own dicts, lists, numbers and strings.
#pragma once

#include <pybind11/pybind11.h>

#include "optinc/base/record.h"

namespace optinc::python {

pybind11::object to_python(const base::Json& json);

}  // namespace optinc::python
