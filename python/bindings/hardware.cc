#include "optinc/chip/hardware.h"

#include <pybind11/stl.h>

#include <string>

#include "optinc/base/error.h"

#include "bindings/module.h"

namespace py = pybind11;

namespace optinc::python {
namespace {

using chip::Hardware;

const chip::HardwareField& field(const std::string& name) {
  for (const chip::HardwareField& each : chip::hardware_fields()) {
    if (name == fmt::format("{}.{}", each.table, each.key)) return each;
  }
  base::refuse("{}: no such value of hardware; Hardware().to_toml() lists them, like coupler.imbalance_rms_rad", name);
}

/// `settings`: {"table.key": value} over those of `hardware`.
Hardware with(Hardware hardware, const py::dict& settings) {
  for (const auto& [key, value] : settings) {
    const auto name = py::str(key).cast<std::string>();
    if (name == "activation.kind") {
      hardware.activation = chip::parse_activation(py::str(value).cast<std::string>());
      continue;
    }
    const chip::HardwareField& of = field(name);
    base::require(PyNumber_Check(value.ptr()) != 0, "{} = {}: expected a number", name,
                  py::repr(value).cast<std::string>());
    hardware.*of.value = py::float_(py::reinterpret_borrow<py::object>(value)).cast<double>();
  }
  chip::check(hardware);
  return hardware;
}

py::object get(const Hardware& self, const std::string& name) {
  if (name == "activation.kind") return py::str(to_string(self.activation));
  return py::float_(self.*field(name).value);
}

/// {"table.key": value} of all numbers, or of those that are not those of ideal parts.
py::dict values(const Hardware& self, bool differences) {
  const Hardware ideal;
  py::dict dict;
  for (const chip::HardwareField& each : chip::hardware_fields()) {
    if (differences && self.*each.value == ideal.*each.value) continue;
    dict[py::str(fmt::format("{}.{}", each.table, each.key))] = self.*each.value;
  }
  if (!differences || self.activation != ideal.activation) dict["activation.kind"] = to_string(self.activation);
  return dict;
}

}  // namespace

void add_hardware(py::module_& module) {
  py::class_<Hardware>(module, "Hardware",
                       "What the parts of a chip are like: couplers, phase shifters, detectors, ... Read-only; values "
                       "are named\ntable.key as in a hardware file, units in the names.")
      .def(py::init([](const std::string& preset_or_file, const py::dict& settings) {
             return with(chip::load_hardware(preset_or_file), settings);
           }),
           py::arg("preset_or_file") = "ideal", py::arg("settings") = py::dict(),
           "A preset (hardware_presets lists them) or a TOML file, with {'table.key': value} over it.")
      .def_static(
          "from_toml", [](const std::string& text) { return chip::parse_hardware(text, "toml"); }, py::arg("text"),
          "From the text of a hardware file.")
      .def_readonly("name", &Hardware::name)
      .def_readonly("source", &Hardware::source, "Where the numbers are from.")
      .def("__getitem__", &get, py::arg("key"), "hardware['coupler.imbalance_rms_rad']")
      .def("replace", &with, py::arg("settings"), "The same with {'table.key': value} over it.")
      .def(
          "values", [](const Hardware& self) { return values(self, /*differences=*/false); },
          "{'table.key': value} of all.")
      .def(
          "differences", [](const Hardware& self) { return values(self, /*differences=*/true); },
          "{'table.key': value} of what is not as in ideal parts.")
      .def(
          "to_toml", [](const Hardware& self) { return chip::to_toml(self); },
          "All of it as a hardware file, each number with its meaning and range.")
      .def(
          "__eq__", [](const Hardware& self, const Hardware& other) { return self == other; }, py::is_operator())
      .def("__repr__", [](const Hardware& self) {
        return fmt::format("<optinc.Hardware {}: {}>", self.name,
                           py::str(values(self, /*differences=*/true)).cast<std::string>());
      });
  module.def("hardware_presets", &chip::preset_names);
}

}  // namespace optinc::python
