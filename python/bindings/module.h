// The extension optinc._core: a file a subject, each adding its part to the module.
#pragma once

#include <pybind11/pybind11.h>

namespace optinc::python {

void add_design(pybind11::module_& module);      ///< Design
void add_verify(pybind11::module_& module);      ///< Verification, verify
void add_program(pybind11::module_& module);     ///< Program and its stages, blocks and meshes; compile, decompose
void add_hardware(pybind11::module_& module);    ///< Hardware
void add_simulate(pybind11::module_& module);    ///< ChipResult, Simulation, simulate, link_budget
void add_fabric(pybind11::module_& module);      ///< Fabric
void add_codec(pybind11::module_& module);       ///< quantise, dequantise, pack, unpack
void add_all_reduce(pybind11::module_& module);  ///< all_reduce

}  // namespace optinc::python
