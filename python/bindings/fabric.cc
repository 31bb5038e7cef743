#include "bindings/fabric.h"

#include <pybind11/stl.h>

#include <cstdint>
#include <span>
#include <vector>

#include "optinc/base/error.h"
#include "optinc/codec/pam4.h"
#include "optinc/fabric/design_fabric.h"

#include "bindings/apart.h"
#include "bindings/arrays.h"
#include "bindings/design.h"
#include "bindings/module.h"

namespace py = pybind11;

namespace optinc::python {
namespace {

/// One device, or, with `level_1`, a cascade of which `design` is level 2.
NamedFabric make(const NamedDesign& design, const NamedDesign* level_1, const std::string& mode_name,
                 const std::string& evaluation_name) {
  const fabric::Evaluation evaluation = fabric::parse_evaluation(evaluation_name);
  const fabric::CascadeMode mode = fabric::parse_cascade_mode(mode_name);
  fabric::DesignFabric made;
  run_apart([&] {
    made = level_1 == nullptr ? fabric::make_fabric(design.design, evaluation)
                              : fabric::make_fabric(level_1->design, design.design, mode, evaluation);
  });
  return {level_1 == nullptr ? design.name : level_1->name + ", " + design.name, fabric::to_string(made.evaluation),
          std::move(made.fabric)};
}

/// codes [servers in use, n] -> codes [n].
Array<std::uint32_t> average(const NamedFabric& named, const py::object& given, std::uint64_t seed,
                             std::uint64_t first_element) {
  const fabric::Fabric& fabric = *named.fabric;
  const int bits = fabric.bits();
  const Array<std::uint32_t> codes = unsigned_numbers(given, (std::uint64_t{1} << bits) - 1, "code");
  base::require(codes.ndim() == 2, "codes of shape {}: expected (servers, n)", shape_text(codes));
  const auto servers = static_cast<std::size_t>(codes.shape(0)), count = static_cast<std::size_t>(codes.shape(1));
  Array<std::uint32_t> averages = empty<std::uint32_t>({codes.shape(1)});
  const auto in = numbers(codes);
  const auto out = numbers(averages);
  run_apart([&] {
    const std::size_t bytes = codec::packed_bytes(count, bits);
    std::vector<std::uint8_t> packed(servers * bytes), result(bytes);
    std::vector<std::span<const std::uint8_t>> streams;
    for (std::size_t server = 0; server < servers; ++server) {
      const auto stream = std::span(packed).subspan(server * bytes, bytes);
      codec::pack_symbols(in.subspan(server * count, count), bits, stream);
      streams.emplace_back(stream);
    }
    fabric.average(streams, count, codec::RoundingBits(seed), first_element, result);
    codec::unpack_symbols(result, bits, 0, out);
  });
  return averages;
}

}  // namespace

void add_fabric(py::module_& module) {
  py::class_<NamedFabric>(
      module, "Fabric", "What averages the servers' codes: one device, or a cascade of N + 1 of them for N^2 servers.")
      .def(py::init(&make), py::arg("design"), py::kw_only(), py::arg("level_1").none(true) = py::none(),
           py::arg("mode") = "snapped", py::arg("evaluation") = "auto",
           "design: the device; with `level_1`, level 2 of the cascade.\n"
           "mode: between the levels, 'snapped' (a regenerator) or 'analog' (nothing).\n"
           "evaluation: what answers for the optics: 'integer' (the exact average), 'onn' (the network, by a table "
           "where "
           "its\ninputs are few), 'every-symbol' (the network for every element), or 'auto': integer where the files "
           "say "
           "that\nevery input is right, else onn.")
      .def_readonly("name", &NamedFabric::name)
      .def_readonly("evaluation", &NamedFabric::evaluation, "'integer', 'onn' or 'every-symbol'.")
      .def_property_readonly(
          "ports", [](const NamedFabric& self) { return self.fabric->ports(); }, "Servers that can be connected.")
      .def_property_readonly(
          "bits", [](const NamedFabric& self) { return self.fabric->bits(); }, "B, bits of the codes.")
      .def_property_readonly(
          "rounding", [](const NamedFabric& self) { return codec::to_string(self.fabric->rounding()); },
          "'floor', 'nearest' or 'nearest-unbiased'.")
      .def("average", &average, py::arg("codes"), py::kw_only(), py::arg("seed") = 0, py::arg("first_element") = 0,
           "codes [servers, n], 1 .. ports servers -> [n] uint32: the average over all ports, idle ones being fed the "
           "code\nof zero, 2^(bits-1). seed and first_element: of the random bits of nearest-unbiased rounding.")
      .def("__repr__", [](const NamedFabric& self) {
        return fmt::format("<optinc.Fabric of {}: {} ports, {} bits, rounding {}, evaluation {}>", self.name,
                           self.fabric->ports(), self.fabric->bits(), codec::to_string(self.fabric->rounding()),
                           self.evaluation);
      });
}

}  // namespace optinc::python
