#include "bindings/module.h"

#include <exception>

#include "optinc/base/error.h"
#include "optinc/base/version.h"

namespace py = pybind11;

namespace {

/// base::RunError is a std::runtime_error: pybind11 makes it a RuntimeError.
void translate(std::exception_ptr thrown) {  // NOLINT(performance-unnecessary-value-param): what pybind11 calls
  try {
    if (thrown) std::rethrow_exception(thrown);
  } catch (const optinc::base::InputError& error) {
    PyErr_SetString(PyExc_ValueError, error.what());
  }
}

}  // namespace

PYBIND11_MODULE(_core, module) {
  module.doc() = "The library of OptINC; use it by the package optinc.";
  module.attr("__version__") = optinc::base::kVersion;

  py::register_local_exception_translator(&translate);

  optinc::python::add_design(module);
  optinc::python::add_verify(module);
  optinc::python::add_program(module);
  optinc::python::add_hardware(module);
  optinc::python::add_simulate(module);
  optinc::python::add_fabric(module);
  optinc::python::add_codec(module);
  optinc::python::add_all_reduce(module);
}
