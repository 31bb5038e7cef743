#include "bindings/json.h"

namespace py = pybind11;

namespace optinc::python {

py::object to_python(const base::Json& json) {
  switch (json.type()) {
    case base::Json::value_t::boolean:
      return py::bool_(json.get<bool>());
    case base::Json::value_t::number_integer:
      return py::int_(json.get<std::int64_t>());
    case base::Json::value_t::number_unsigned:
      return py::int_(json.get<std::uint64_t>());
    case base::Json::value_t::number_float:
      return py::float_(json.get<double>());
    case base::Json::value_t::string:
      return py::str(json.get<std::string>());
    case base::Json::value_t::array: {
      py::list list;
      for (const base::Json& entry : json) list.append(to_python(entry));
      return list;
    }
    case base::Json::value_t::object: {
      py::dict dict;
      for (const auto& [key, value] : json.items()) dict[py::str(key)] = to_python(value);
      return dict;
    }
    default:
      return py::none();
  }
}

}  // namespace optinc::python
