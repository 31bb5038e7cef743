#include "optinc/chip/program.h"

#include <pybind11/complex.h>
#include <pybind11/stl.h>
#include <pybind11/stl/filesystem.h>

#include <filesystem>
#include <optional>
#include <utility>

#include "optinc/base/error.h"
#include "optinc/chip/compile.h"
#include "optinc/cli/program_files.h"
#include "optinc/mesh/decompose.h"
#include "optinc/mesh/propagate.h"

#include "bindings/apart.h"
#include "bindings/arrays.h"
#include "bindings/design.h"
#include "bindings/module.h"
#include "bindings/natural.h"

namespace py = pybind11;

namespace optinc::python {
namespace {

using chip::Attenuators;
using chip::Block;
using chip::Program;
using chip::Stage;
using mesh::Mesh;

/// A read-only array on the memory of a member.
template <typename Owner>
auto viewed(std::vector<double> Owner::*member) {
  return [member](const py::object& self) { return view(self.cast<const Owner&>().*member, self); };
}

mesh::MeshShape shape_of_mesh(const std::string& layout, const std::string& cell, int size) {
  return {mesh::parse_layout(layout), size, mesh::parse_cell_kind(cell)};
}

Program compile(const NamedDesign& named, const std::string& layout, const std::string& cell,
                const std::optional<std::string>& name, int threads) {
  natural(threads, "threads");
  const chip::CompileOptions options{mesh::parse_layout(layout), mesh::parse_cell_kind(cell), threads};
  Program program;
  run_apart([&] { program = chip::compile(named.design, name.value_or(named.name), options); });
  return program;
}

Program load(const std::filesystem::path& path) {
  const py::gil_scoped_release release;
  return cli::load_program_file(path);
}

Mesh decompose(const Array<linalg::Complex>& unitary, const std::string& layout, const std::string& cell) {
  base::require(unitary.ndim() == 2 && unitary.shape(0) == unitary.shape(1) && unitary.shape(0) > 0,
                "a matrix of shape {}: expected (n, n)", shape_text(unitary));
  const auto size = static_cast<int>(unitary.shape(0));
  const linalg::ComplexMatrix matrix = Eigen::Map<const linalg::ComplexMatrix>(unitary.data(), size, size);
  const mesh::MeshShape shape = shape_of_mesh(layout, cell, size);
  Mesh made;
  run_apart([&] { made = mesh::program(matrix, shape); });
  return made;
}

py::array matrix_of(const Mesh& self) {
  linalg::ComplexMatrix matrix;
  run_apart([&] { matrix = mesh::Propagator(self).matrix(); });
  return copy(matrix);
}

/// [(first mode, number of cells, number of the first cell)].
py::list columns(const Mesh& self) {
  py::list list;
  for (const mesh::Column& column : self.shape.columns()) {
    list.append(py::make_tuple(column.first_mode, column.count, column.first_cell));
  }
  return list;
}

py::array stage_matrix(const Stage& self, bool passive) {
  linalg::ComplexMatrix matrix;
  run_apart([&] { matrix = chip::stage_matrix(self, passive); });
  return copy(matrix);
}

py::dict counts(const Stage& self) {
  const chip::Placed placed = chip::count_placed(self);
  py::dict dict;
  dict["mzis"] = placed.mzis();
  dict["cells"] = placed.cells;
  dict["attenuators"] = placed.attenuators;
  dict["splitters"] = placed.splitters;
  dict["combiners"] = placed.combiners;
  dict["reference"] = placed.reference;
  dict["output_phases"] = placed.output_phases;
  return dict;
}

std::int64_t placed_mzis(const Program& self) {
  std::int64_t sum = 0;
  for (const Stage& stage : self.stages) sum += chip::count_placed(stage).mzis();
  return sum;
}

template <typename Part>
py::list parts_of(const py::object& self, const std::vector<Part>& parts) {
  py::list list;
  for (const Part& part : parts) {
    list.append(py::cast(part, py::return_value_policy::reference_internal, self));
  }
  return list;
}

void add_mesh(py::module_& module) {
  py::class_<Mesh>(module, "Mesh",
                   "A mesh of interferometers and how it is set. A cell acts on modes m and m + 1 as\n"
                   "i exp(i theta/2) [[exp(i phi) sin(theta/2), cos(theta/2)], [exp(i phi) cos(theta/2), "
                   "-sin(theta/2)]].")
      .def_property_readonly(
          "layout", [](const Mesh& self) { return to_string(self.shape.layout); },
          "'rectangular' (Clements) or 'triangular' (Reck).")
      .def_property_readonly(
          "cell", [](const Mesh& self) { return to_string(self.shape.kind); }, "'mzi' or '3-mzi'.")
      .def_property_readonly(
          "size", [](const Mesh& self) { return self.shape.size; }, "Modes.")
      .def_property_readonly("theta", viewed(&Mesh::theta), "[cells] float64, rad, in [0, 2 pi); column by column.")
      .def_property_readonly("phi", viewed(&Mesh::phi), "[cells] float64, rad, in [0, 2 pi).")
      .def_property_readonly("output_phase", viewed(&Mesh::output_phase), "[size] float64, rad, in [0, 2 pi).")
      .def("columns", &columns,
           "[(first mode, number of cells, number of the first cell)] in the order of light: the cells of a column are "
           "on\nthe modes first, first + 2, ...")
      .def("matrix", &matrix_of, "[size, size] complex128: fields out = matrix @ fields in, ideal parts.")
      .def("__repr__", [](const Mesh& self) {
        return fmt::format("<optinc.Mesh {}, {} modes, {} cells of kind {}>", to_string(self.shape.layout),
                           self.shape.size, self.shape.cells(), to_string(self.shape.kind));
      });
}

void add_stage(py::module_& module) {
  py::class_<Attenuators>(module, "Attenuators",
                          "A column of MZIs: line i passes sin(theta/2) of the field, by the upper arm alone.")
      .def_property_readonly("theta", viewed(&Attenuators::theta), "[lines] float64, rad.")
      .def_property_readonly("phi", viewed(&Attenuators::phi), "[lines] float64, rad.")
      .def("__repr__",
           [](const Attenuators& self) { return fmt::format("<optinc.Attenuators, {} lines>", self.lines()); });

  py::class_<Block>(module, "Block", "Light passes `first`, the attenuators, and `second` where there is one.")
      .def_readonly("row", &Block::row, "Of its first entry in the stage's matrix.")
      .def_readonly("column", &Block::column, "Of its first entry in the stage's matrix.")
      .def_property_readonly("rows", &Block::rows)
      .def_property_readonly("columns", &Block::columns)
      .def_readonly("first", &Block::first)
      .def_readonly("attenuators", &Block::attenuators)
      .def_property_readonly(
          "second",
          [](const py::object& self) -> py::object {
            const std::optional<Mesh>& second = self.cast<const Block&>().second;
            if (!second) return py::none();
            return py::cast(*second, py::return_value_policy::reference_internal, self);
          },
          "None in approximated layers.")
      .def("__repr__", [](const Block& self) {
        return fmt::format("<optinc.Block {} x {} at ({}, {})>", self.rows(), self.columns(), self.row, self.column);
      });

  py::class_<Stage>(module, "Stage", "A matrix of a program: unit P, a layer, or unit T.")
      .def_readonly("name", &Stage::name, "'P', '1' .. 'L', 'T'.")
      .def_readonly("outputs", &Stage::outputs)
      .def_readonly("inputs", &Stage::inputs)
      .def_readonly("approximated", &Stage::approximated)
      .def_readonly("gain", &Stage::gain, "What no passive part gives, of the field.")
      .def_property_readonly("bias", viewed(&Stage::bias),
                             "[outputs] float64, level units, by reference light; [0] for P and T.")
      .def_readonly("largest_output", &Stage::largest_output, "Over all possible inputs, level units.")
      .def_property_readonly("blocks",
                             [](const py::object& self) { return parts_of(self, self.cast<const Stage&>().blocks); })
      .def("matrix", &stage_matrix, py::kw_only(), py::arg("passive") = false,
           "[outputs, inputs] complex128: the transfer matrix W with ideal parts; without the gain if `passive`.")
      .def("counts", &counts, "What is laid: a dict of mzis (cells and attenuators), splitters, combiners, ...")
      .def("__repr__", [](const Stage& self) {
        return fmt::format("<optinc.Stage {}: {} x {}, {}, blocks {}>", self.name, self.outputs, self.inputs,
                           self.approximated ? "approximated" : "dense", self.blocks.size());
      });
}

}  // namespace

void add_program(py::module_& module) {
  add_mesh(module);
  add_stage(module);
  py::class_<Program>(module, "Program", "A design as settings of a photonic chip. Read-only.")
      .def_readonly("design", &Program::design, "Name of the design.")
      .def_property_readonly(
          "bits", [](const Program& self) { return self.shape.bits; }, "B.")
      .def_property_readonly(
          "servers", [](const Program& self) { return self.shape.servers; }, "N.")
      .def_property_readonly(
          "inputs", [](const Program& self) { return self.shape.inputs; }, "K.")
      .def_property_readonly("rounding", [](const Program& self) { return codec::to_string(self.shape.rounding); })
      .def_property_readonly("role", [](const Program& self) { return onn::to_string(self.shape.role); })
      .def_readonly("origin", &Program::origin)
      .def_readonly("version", &Program::version)
      .def_readonly("area_mzi", &Program::area_mzi, "MZIs by the paper's count, P and T included.")
      .def_property_readonly("placed_mzi", &placed_mzis, "MZIs that are really laid.")
      .def_property_readonly(
          "stages", [](const py::object& self) { return parts_of(self, self.cast<const Program&>().stages); },
          "[Stage] in the order of light: P, the layers, T.")
      .def(
          "save",
          [](const Program& self, const std::filesystem::path& path) {
            const py::gil_scoped_release release;
            cli::save_program_file(path, self);
          },
          py::arg("path"),
          "Writes .json (mesh program), .npz (the same arrays) or .yml (netlist for gdsfactory and SAX): whole or not "
          "at\nall.")
      .def(
          "__eq__", [](const Program& self, const Program& other) { return self == other; }, py::is_operator())
      .def("__repr__", [](const Program& self) {
        return fmt::format("<optinc.Program of {}: {} stages, {} MZIs placed>", self.design, self.stages.size(),
                           placed_mzis(self));
      });
  module.def("compile", &compile, py::arg("design"), py::arg("layout"), py::arg("cell"), py::arg("name"),
             py::arg("threads"));
  module.def("load_program", &load, py::arg("path"));
  module.def("decompose", &decompose, py::arg("unitary"), py::arg("layout"), py::arg("cell"));
}

}  // namespace optinc::python
