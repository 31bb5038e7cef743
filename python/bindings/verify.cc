#include "optinc/verify/verify.h"

#include <pybind11/stl.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>

#include "optinc/base/error.h"
#include "optinc/base/parallel.h"
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

/// Inputs of a piece, for each thread: 16 tiles. Tenths of a second.
constexpr std::uint64_t kPiece = 16 * 960;

/// In pieces, for Ctrl-C and progress.
verify::Verification verify_in_pieces(const NamedDesign& named, std::int64_t given_first,
                                      std::optional<std::int64_t> count, std::int64_t given_sample, std::uint64_t seed,
                                      std::int64_t given_keep_wrong, int threads, const py::object& progress) {
  const std::uint64_t first = natural(given_first, "first"), sample = natural(given_sample, "sample"),
                      keep_wrong = natural(given_keep_wrong, "keep_wrong");
  natural(threads, "threads");
  const device::OnnAverager averager(named.design);
  const std::uint64_t all = averager.shape().input_count();
  std::uint64_t total = sample;
  if (sample > 0) {
    base::require(first == 0 && !count, "sample {} with first or count: expected one of them", sample);
  } else {
    base::require(first < all, "first {}: expected 0 .. {}", first, all - 1);
    total = count ? natural(*count, "count") : all - first;
    base::require(total > 0 && total <= all - first, "count {}: expected 1 .. {} behind input {}", total, all - first,
                  first);
  }
  const std::uint64_t piece = kPiece * (threads > 0 ? threads : base::available_threads());

  verify::Verification found;
  const auto start = std::chrono::steady_clock::now();
  run_apart(progress, total, [&](Watch& watch) {
    for (std::uint64_t done = 0; done < total; done += piece) {
      watch.check();
      watch.report(done);
      found.merge(verify::verify(averager, {.threads = threads,
                                            .first = first + done,
                                            .count = std::min(piece, total - done),
                                            .sampled = sample > 0,
                                            .seed = seed,
                                            .keep_wrong = keep_wrong}),
                  keep_wrong);
    }
  });
  found.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return found;
}

std::string describe(const verify::Verification& found) {
  return fmt::format("<optinc.Verification: {} of {} inputs right ({:.6g} %), {} wrong>", found.inputs - found.wrong,
                     found.inputs, 100 * found.accuracy(), found.wrong);
}

}  // namespace

void add_verify(py::module_& module) {
  using verify::Verification;
  py::class_<Verification>(module, "Verification", "What a verification found.")
      .def_readonly("inputs", &Verification::inputs, "How many inputs were checked.")
      .def_readonly("wrong", &Verification::wrong, "How many of them are wrong behind the receiver.")
      .def_property_readonly("accuracy", &Verification::accuracy, "Share that is right, 0 .. 1.")
      .def_readonly("errors", &Verification::errors, "{code given less right code: how many inputs}, without 0.")
      .def_property_readonly(
          "largest_errors", [](const Verification& self) { return copy(self.largest_errors); },
          "[M] float64: the largest |level - right level| of each output, in levels. The receiver errs from 0.5 on.")
      .def_property_readonly("largest_error", &Verification::largest_analog_error, "The largest of them.")
      .def_property_readonly(
          "wrong_inputs", [](const Verification& self) { return copy(self.wrong_numbers); },
          "[n] uint64: numbers of the lowest `keep_wrong` wrong inputs (Design.enumerate).")
      .def_readonly("seconds", &Verification::seconds)
      .def(
          "to_dict", [](const Verification& self) { return to_python(verify::to_json(self)); },
          "As `optinc verify --json` prints it.")
      .def("__repr__", &describe);
  module.def("verify", &verify_in_pieces, py::arg("design"), py::arg("first"), py::arg("count"), py::arg("sample"),
             py::arg("seed"), py::arg("keep_wrong"), py::arg("threads"), py::arg("progress"));
}

}  // namespace optinc::python
