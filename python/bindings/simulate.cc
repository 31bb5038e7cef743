#include <pybind11/stl.h>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <vector>

#include "optinc/base/error.h"
#include "optinc/base/parallel.h"
#include "optinc/chip/link_budget.h"
#include "optinc/chip/monte_carlo.h"
#include "optinc/chip/streams.h"
#include "optinc/device/onn_averager.h"

#include "bindings/apart.h"
#include "bindings/arrays.h"
#include "bindings/design.h"
#include "bindings/json.h"
#include "bindings/module.h"
#include "bindings/natural.h"

namespace py = pybind11;

namespace optinc::python {
namespace {

using chip::ChipResult;

/// Chips and what they make together.
struct Simulation {
  std::vector<ChipResult> chips;
  chip::YieldSummary summary;
};

Simulation simulate(const chip::Program& program, const NamedDesign* design, const chip::Hardware& hardware,
                    std::int64_t given_chips, std::uint64_t seed, const std::string& correction_name,
                    std::int64_t given_sample, double threshold, int threads, const py::object& progress) {
  const std::uint64_t chips = natural(given_chips, "chips"), sample = natural(given_sample, "sample");
  natural(threads, "threads");
  base::require(chips >= 1 && chips <= chip::kMostChips, "chips {}: expected 1 .. {}", chips, chip::kMostChips);
  base::require(threshold >= 0 && threshold <= 1, "threshold {}: expected a rate, 0 .. 1", threshold);
  const mesh::Correction correction = mesh::parse_correction(correction_name);
  std::optional<device::OnnAverager> against;
  if (design != nullptr) {
    against.emplace(design->design);
    base::require(against->shape() == program.shape, "design {}: expected one for the device of program {}",
                  design->name, program.design);
  }
  const chip::SimulationOptions options{.sample = sample, .threads = threads, .against = against ? &*against : nullptr};
  Simulation done;
  run_apart(progress, chips, [&](Watch& watch) {
    const chip::Fab fab(program, hardware, correction, seed);
    const std::uint64_t piece = threads > 0 ? threads : base::available_threads();
    for (std::uint64_t first = 0; first < chips; first += piece) {
      watch.check();
      watch.report(first);
      std::vector<std::uint64_t> numbers(std::min(piece, chips - first));
      for (std::size_t i = 0; i < numbers.size(); ++i) numbers[i] = first + i;
      for (ChipResult& result : chip::simulate_all(fab, numbers, options)) done.chips.push_back(std::move(result));
    }
    done.summary = chip::summarise(done.chips, threshold, seed);
  });
  return done;
}

py::tuple pair(const chip::Interval& interval) {
  return py::make_tuple(interval.low, interval.high);
}

py::object link_budget(const chip::Program& program, const chip::Hardware& hardware) {
  base::Json json;
  run_apart([&] { json = chip::to_json(chip::link_budget(program, hardware)); });
  return to_python(json);
}

/// As `optinc simulate --json` prints it, of one condition.
py::object to_dict(const Simulation& self) {
  base::Json json = chip::to_json(self.summary);
  json["of_chips"] = base::Json::array();
  for (const ChipResult& chip : self.chips) json["of_chips"].push_back(chip::to_json(chip));
  return to_python(json);
}

template <typename Member>
auto summed(Member chip::YieldSummary::*member) {
  return [member](const Simulation& self) { return self.summary.*member; };
}

void add_chip_result(py::module_& module) {
  py::class_<ChipResult>(module, "ChipResult", "What one chip did.")
      .def_readonly("chip", &ChipResult::chip, "Its number, from 0.")
      .def_readonly("inputs", &ChipResult::inputs)
      .def_readonly("wrong", &ChipResult::wrong, "Inputs for which some server got some symbol wrong.")
      .def_property_readonly("exact_symbol_rate", &ChipResult::exact_symbol_rate, "1 - wrong / inputs.")
      .def_readonly("codes", &ChipResult::codes, "Received: inputs times servers.")
      .def_readonly("wrong_codes", &ChipResult::wrong_codes)
      .def_readonly("symbols", &ChipResult::symbols, "Received.")
      .def_readonly("wrong_symbols", &ChipResult::wrong_symbols)
      .def_readonly("errors", &ChipResult::errors, "{received code less right code: how many}, without 0.")
      .def_readonly("largest_error", &ChipResult::largest_error, "Of a level before the receiver, in levels.")
      .def_readonly("largest_difference", &ChipResult::largest_difference,
                    "From the design's network, in levels; 0 without a design.")
      .def_readonly("different", &ChipResult::different,
                    "Received codes that are not those of the design's network; 0 without a design.")
      .def_readonly("seconds", &ChipResult::seconds)
      .def("__repr__", [](const ChipResult& self) {
        return fmt::format("<optinc.ChipResult {}: exact-symbol rate {:.6f}>", self.chip, self.exact_symbol_rate());
      });
}

}  // namespace

void add_simulate(py::module_& module) {
  add_chip_result(module);
  using Summary = chip::YieldSummary;
  py::class_<Simulation>(module, "Simulation", "What all chips did.")
      .def_readonly("chips", &Simulation::chips, "[ChipResult]")
      .def_property_readonly(
          "exact_symbol_rates",
          [](const Simulation& self) {
            std::vector<double> rates;
            for (const ChipResult& chip : self.chips) rates.push_back(chip.exact_symbol_rate());
            return copy(rates);
          },
          "[chips] float64: share of inputs whose every symbol is right at every server.")
      .def_property_readonly("exact_symbol_rate", summed(&Summary::exact_symbol_rate), "Mean over the chips.")
      .def_property_readonly(
          "rate_interval", [](const Simulation& self) { return pair(self.summary.rate_interval); },
          "(low, high) of that mean, 95 %: bootstrap over chips.")
      .def_property_readonly("symbol_error_rate", summed(&Summary::symbol_error_rate))
      .def_property_readonly("threshold", summed(&Summary::threshold))
      .def_property_readonly("chip_yield", summed(&Summary::yield),
                             "Share of chips whose rate is at least the threshold.")
      .def_property_readonly(
          "yield_interval", [](const Simulation& self) { return pair(self.summary.yield_interval); },
          "(low, high), 95 %, Wilson.")
      .def_property_readonly("errors", summed(&Summary::errors), "{received code less right code: how many}.")
      .def_property_readonly("largest_error", summed(&Summary::largest_error), "In levels, before the receiver.")
      .def("to_dict", &to_dict,
           "The record `yield` that `optinc simulate --json` prints, with the chips' records in `of_chips`.")
      .def("__repr__", [](const Simulation& self) {
        return fmt::format("<optinc.Simulation: {} chips, exact-symbol rate {:.6f}>", self.chips.size(),
                           self.summary.exact_symbol_rate);
      });
  module.def("simulate", &simulate, py::arg("program"), py::arg("design").none(true), py::arg("hardware"),
             py::arg("chips"), py::arg("seed"), py::arg("correction"), py::arg("sample"), py::arg("threshold"),
             py::arg("threads"), py::arg("progress"));
  module.def("link_budget", &link_budget, py::arg("program"), py::arg("hardware"));
}

}  // namespace optinc::python
