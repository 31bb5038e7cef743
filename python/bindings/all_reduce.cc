#include "optinc/collective/all_reduce.h"

#include <pybind11/stl.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "optinc/base/error.h"
#include "optinc/collective/electrical_all_reduce.h"
#include "optinc/collective/in_network_all_reduce.h"
#include "optinc/collective/optical_network.h"
#include "optinc/collective/thread_transport.h"

#include "bindings/apart.h"
#include "bindings/arrays.h"
#include "bindings/fabric.h"
#include "bindings/module.h"
#include "bindings/quantiser_options.h"

namespace py = pybind11;

namespace optinc::python {
namespace {

using collective::AllReduce;
using collective::AllReduceStats;

/// The ranks' arrays in one type, and the array that the result goes to.
struct Ranks {
  codec::ElementType type = codec::ElementType::float32;
  std::vector<py::array> inputs;
  std::vector<std::span<float>> residuals;  // none, or one a rank
  py::array result;
};

/// float16 where all are, else float32.
Ranks ranks_of(const std::vector<py::array>& arrays, const std::vector<py::array>& residuals) {
  base::require(!arrays.empty(), "no arrays: expected one a rank");
  Ranks ranks;
  bool half = true;
  for (const py::array& array : arrays) half = half && array.dtype().kind() == 'f' && array.itemsize() == 2;
  ranks.type = half ? codec::ElementType::float16 : codec::ElementType::float32;
  for (std::size_t rank = 0; rank < arrays.size(); ++rank) {
    base::require(shape_of(arrays[rank]) == shape_of(arrays[0]), "array of rank {} of shape {}: expected {}, as rank 0",
                  rank, shape_text(arrays[rank]), shape_text(arrays[0]));
    const auto contiguous = py::module_::import("numpy").attr("ascontiguousarray");
    py::array given = half ? contiguous(arrays[rank]).cast<py::array>() : py::array(Array<float>(arrays[rank]));
    ranks.inputs.push_back(std::move(given));
  }
  ranks.result = py::array(ranks.inputs[0].dtype(), shape_of(arrays[0]));

  base::require(residuals.empty() || residuals.size() == arrays.size(),
                "{} residuals: expected one for each of {} arrays", residuals.size(), arrays.size());
  for (std::size_t rank = 0; rank < residuals.size(); ++rank) {
    py::array residual = residuals[rank];
    base::require(py::isinstance<py::array_t<float, py::array::c_style>>(residual) && residual.writeable() &&
                      residual.size() == arrays[0].size(),
                  "residual of rank {}: expected a writeable, contiguous float32 array of {} numbers", rank,
                  arrays[0].size());
    ranks.residuals.emplace_back(static_cast<float*>(residual.mutable_data()), residual.size());
  }
  return ranks;
}

/// What makes the all-reduce of one rank.
using Make = std::function<std::unique_ptr<AllReduce>(collective::Transport&)>;

Make electrical(const std::string& algorithm) {
  for (const collective::Electrical one : collective::kElectrical) {
    if (to_string(one) != algorithm) continue;
    return [one](collective::Transport& transport) { return collective::make_all_reduce(one, transport); };
  }
  base::refuse("algorithm {}: expected optinc, ring, rabenseifner or tree", algorithm);
}

py::dict to_dict(const AllReduceStats& stats) {
  py::dict dict;
  dict["payload_bytes"] = stats.payload_bytes;
  dict["wire_bytes"] = stats.wire_bytes;
  dict["rounds"] = stats.rounds;
  dict["non_finite_blocks"] = stats.non_finite_blocks;
  dict["servers"] = stats.servers;
  return dict;
}

/// Ranks are threads; every one of them gets the result, and that of rank 0 is kept.
AllReduceStats run(const Ranks& ranks, const collective::ReduceCall& call, const Make& make) {
  const auto count = static_cast<std::size_t>(ranks.inputs[0].size());
  const auto size = static_cast<int>(ranks.inputs.size());
  std::vector<const std::byte*> inputs;
  for (const py::array& input : ranks.inputs) inputs.push_back(static_cast<const std::byte*>(input.data()));
  auto* const result = static_cast<std::byte*>(const_cast<void*>(ranks.result.data()));
  AllReduceStats stats;
  run_apart([&] {
    // Who waits for a rank that computes waits long; a rank that fails says so.
    const collective::ThreadTransportOptions options{.deadline_s = 1e6};
    collective::run_ranks(size, options, [&](collective::Transport& transport) {
      const auto rank = static_cast<std::size_t>(transport.rank());
      collective::Tensor tensor{.type = ranks.type, .count = count, .input = inputs[rank], .output = result};
      std::vector<std::byte> output(rank == 0 ? 0 : tensor.bytes());
      if (rank != 0) tensor.output = output.data();
      collective::ReduceCall own = call;
      if (!ranks.residuals.empty()) own.residual = ranks.residuals[rank];
      const AllReduceStats found = make(transport)->all_reduce(tensor, own);
      if (rank == 0) stats = found;
    });
  });
  return stats;
}

py::tuple all_reduce(const std::vector<py::array>& arrays, const NamedFabric* fabric, const std::string& algorithm,
                     const std::string& op, std::int64_t block, const std::string& scale_format,
                     const std::string& rounding, std::uint64_t seed, std::uint64_t first_element,
                     const std::vector<py::array>& residuals) {
  const collective::ReduceCall call{.op = collective::parse_reduce_op(op), .first_element = first_element};
  const Ranks ranks = ranks_of(arrays, residuals);
  AllReduceStats stats;
  if (algorithm == "optinc") {
    base::require(fabric != nullptr, "algorithm optinc: expected a design or a fabric");
    const collective::OpticalNetwork network(
        *fabric->fabric,
        {.quantiser = quantiser_options(fabric->fabric->bits(), block, scale_format, rounding), .seed = seed});
    stats = run(ranks, call, [&](collective::Transport& transport) {
      return std::make_unique<collective::InNetworkAllReduce>(transport, network);
    });
  } else {
    stats = run(ranks, call, electrical(algorithm));
  }
  return py::make_tuple(ranks.result, to_dict(stats));
}

}  // namespace

void add_all_reduce(py::module_& module) {
  module.def("all_reduce", &all_reduce, py::arg("arrays"), py::arg("fabric").none(true), py::arg("algorithm"),
             py::arg("op"), py::arg("block"), py::arg("scale_format"), py::arg("rounding"), py::arg("seed"),
             py::arg("first_element"), py::arg("residuals"));
}

}  // namespace optinc::python
