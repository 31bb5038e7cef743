#include "bindings/design.h"

#include <pybind11/stl.h>
#include <pybind11/stl/filesystem.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <utility>

#include "optinc/base/error.h"
#include "optinc/base/parallel.h"
#include "optinc/cli/area_record.h"
#include "optinc/device/onn_averager.h"
#include "optinc/device/preprocessing.h"
#include "optinc/onn/design_metadata.h"
#include "optinc/onn/forward.h"

#include "bindings/apart.h"
#include "bindings/arrays.h"
#include "bindings/json.h"
#include "bindings/module.h"
#include "bindings/natural.h"

namespace py = pybind11;

namespace optinc::python {
namespace {

NamedDesign load(const std::filesystem::path& path) {
  const py::gil_scoped_release release;
  return {path.stem().string(), onn::load_design(path)};
}

py::tuple approximated(const onn::Design& design) {
  py::list layers;
  for (int layer = 1; layer <= design.approximated.last(); ++layer) {
    if (design.approximated.contains(layer)) layers.append(layer);
  }
  return py::tuple(layers);
}

/// [(weight [out, in], bias [out])]: views that keep the design alive.
py::list layers(const py::object& self) {
  py::list list;
  for (const onn::Layer& layer : self.cast<const NamedDesign&>().design.network.layers) {
    list.append(py::make_tuple(view(layer.weight, {layer.outputs, layer.inputs}, self), view(layer.bias, self)));
  }
  return list;
}

py::dict metadata(const onn::Design& design) {
  py::dict dict;
  for (const auto& [key, value] : onn::to_metadata(design)) dict[py::str(key)] = value;
  return dict;
}

/// Rows that one thread takes at a time; up to so many, the caller does them itself.
constexpr std::size_t kRows = 960;

Array<float> forward(const NamedDesign& named, const Array<float>& inputs, int threads) {
  const onn::Network& network = named.design.network;
  base::require(inputs.ndim() == 2 && inputs.shape(1) == network.inputs(), "inputs of shape {}: expected (n, {})",
                shape_text(inputs), network.inputs());
  natural(threads, "threads");
  const auto count = static_cast<std::size_t>(inputs.shape(0));
  Array<float> outputs = empty<float>({inputs.shape(0), network.outputs()});
  const float* in = inputs.data();
  float* out = outputs.mutable_data();
  if (count <= kRows) {
    const py::gil_scoped_release release;
    onn::forward(network, count, in, out);
  } else {
    run_apart([&] {
      base::parallel_for(count, kRows, threads, [&](std::size_t begin, std::size_t end, int) {
        onn::forward(network, end - begin, in + begin * network.inputs(), out + begin * network.outputs());
      });
    });
  }
  return outputs;
}

/// (levels [n, K], codes [n]) of the possible inputs `first` ...
py::tuple enumerate(const NamedDesign& named, std::int64_t given_first, std::optional<std::int64_t> given_count) {
  const device::DeviceShape shape = device::shape_of(named.design);
  const std::uint64_t all = shape.input_count();
  const std::uint64_t first = natural(given_first, "first");
  base::require(first <= all, "first {}: expected 0 .. {}", first, all);
  const std::uint64_t n = given_count ? natural(*given_count, "count") : all - first;
  base::require(n <= all - first, "count {}: expected 0 .. {} behind input {}", n, all - first, first);
  Array<float> levels = empty<float>({static_cast<py::ssize_t>(n), shape.inputs});
  Array<std::uint32_t> codes = empty<std::uint32_t>({static_cast<py::ssize_t>(n)});
  float* level = levels.mutable_data();
  std::uint32_t* code = codes.mutable_data();
  {
    const py::gil_scoped_release release;
    std::vector<std::int32_t> steps(std::min<std::uint64_t>(n, kRows) * shape.inputs);
    for (std::uint64_t begin = 0; begin < n; begin += kRows) {
      const std::size_t rows = std::min<std::uint64_t>(n - begin, kRows);
      shape.enumerate_steps(first + begin, rows, steps.data());
      device::levels_of_steps(shape, rows, steps.data(), level + begin * shape.inputs);
      shape.exact_codes(rows, steps.data(), code + begin);
    }
  }
  return py::make_tuple(levels, codes);
}

py::object area(const NamedDesign& named) {
  const onn::Design& design = named.design;
  return to_python(cli::area_json(onn::count_mzis(design.network.widths(), design.approximated, design.servers)));
}

std::string describe(const NamedDesign& named) {
  const onn::Design& design = named.design;
  std::string widths;
  for (const int width : design.network.widths()) widths += fmt::format("{}{}", widths.empty() ? "" : "-", width);
  return fmt::format("<optinc.Design {}: {} bits, {} servers, {} inputs, rounding {}, layers {}, approximated {}>",
                     named.name, design.bits, design.servers, design.inputs, codec::to_string(design.rounding), widths,
                     design.approximated.to_string());
}

}  // namespace

void add_design(py::module_& module) {
  py::class_<NamedDesign>(module, "Design",
                          "A verified network and the device it is for, as one design file holds it. Read-only.")
      .def_readonly("name", &NamedDesign::name, "The file's name without its extension.")
      .def_property_readonly(
          "bits", [](const NamedDesign& self) { return self.design.bits; }, "B, bits of a gradient's code.")
      .def_property_readonly(
          "servers", [](const NamedDesign& self) { return self.design.servers; }, "N, ports of the device.")
      .def_property_readonly(
          "inputs", [](const NamedDesign& self) { return self.design.inputs; }, "K, inputs of the network.")
      .def_property_readonly(
          "outputs", [](const NamedDesign& self) { return self.design.network.outputs(); },
          "M = ceil(B / 2), PAM4 symbols of a code.")
      .def_property_readonly(
          "rounding", [](const NamedDesign& self) { return codec::to_string(self.design.rounding); },
          "'floor', 'nearest' or 'nearest-unbiased'.")
      .def_property_readonly(
          "role", [](const NamedDesign& self) { return onn::to_string(self.design.role); },
          "'single', 'cascade-level-1' or 'cascade-level-2'.")
      .def_property_readonly(
          "approximated", [](const NamedDesign& self) { return approximated(self.design); },
          "Numbers of the approximated layers, counted from 1.")
      .def_property_readonly(
          "origin", [](const NamedDesign& self) { return self.design.origin; },
          "'trained', 'constructed', 'trained-from-constructed', 'searched' or 'imported'.")
      .def_property_readonly(
          "wrong", [](const NamedDesign& self) { return self.design.wrong; },
          "How many of all possible inputs were wrong when it was made.")
      .def_property_readonly(
          "accuracy", [](const NamedDesign& self) { return self.design.accuracy; },
          "Share of all possible inputs that were right when it was made, 0 .. 1.")
      .def_property_readonly(
          "possible_inputs", [](const NamedDesign& self) { return device::shape_of(self.design).input_count(); },
          "How many inputs can occur.")
      .def_property_readonly(
          "widths", [](const NamedDesign& self) { return py::tuple(py::cast(self.design.network.widths())); },
          "Widths of the layers from K to M.")
      .def_property_readonly("layers", &layers,
                             "[(weight [out, in], bias [out])], float32, read-only: weight @ x + bias, ReLU behind all "
                             "layers but the last.")
      .def_property_readonly(
          "metadata", [](const NamedDesign& self) { return metadata(self.design); },
          "The file's metadata, all strings.")
      .def("forward", &forward, py::arg("inputs"), py::kw_only(), py::arg("threads") = 0,
           "The network without any imperfection.\n\n"
           "inputs [n, K]: A_k, mean over the servers of s joined symbols, in PAM4 level units (0 .. 4^s - 1), most\n"
           "significant first; converted to float32. Returns [n, M] float32: levels before any receiver (0 .. 3).\n"
           "A row's result depends on the row alone, to the bit. threads 0: all.")
      .def("enumerate", &enumerate, py::arg("first") = 0, py::arg("count") = py::none(),
           "The possible inputs by number, `count` (None: all) from `first` on, and what is right for each.\n\n"
           "Returns (levels [n, K] float32, in PAM4 level units; codes [n] uint32, the exact averages).")
      .def("area", &area,
           "Interferometers (MZIs) by the paper's count, P and T included: a dict with `mzis`, `dense_mzis` (the same\n"
           "without approximation), `ratio`, `layers` and more, as `optinc area --json` prints it.")
      .def("__repr__", &describe);
  module.def("load_design", &load, py::arg("path"));
}

}  // namespace optinc::python
