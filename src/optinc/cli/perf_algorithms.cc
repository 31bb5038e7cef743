#include "optinc/cli/perf_algorithms.h"

#include <algorithm>
#include <utility>

#include "optinc/base/error.h"
#include "optinc/collective/electrical_all_reduce.h"
#include "optinc/collective/int32_switch.h"
#ifdef OPTINC_WITH_MPI
#include "optinc/collective/mpi_all_reduce.h"
#endif
#ifdef OPTINC_WITH_TORCH
#include "optinc/backend/gloo_all_reduce.h"
#endif

namespace optinc::cli {
namespace {

using collective::AllReduce;
using collective::Transport;

/// Whatever needs nothing beside itself.
class Plain : public Algorithm {
 public:
  explicit Plain(std::unique_ptr<AllReduce> made) : made_(std::move(made)) {}
  AllReduce& all_reduce() override { return *made_; }

 private:
  std::unique_ptr<AllReduce> made_;
};

/// A library's own, whose messages are its own affair.
class Foreign : public Plain {
 public:
  Foreign(std::unique_ptr<AllReduce> made, bool half_types) : Plain(std::move(made)), half_types_(half_types) {}
  bool takes(codec::ElementType type) const override { return half_types_ || type == codec::ElementType::float32; }

 private:
  bool half_types_;
};

class OpticalAlgorithm : public Algorithm {
 public:
  OpticalAlgorithm(Transport& transport, const AlgorithmOptions& options)
      : network_(options.optics->network),
        ports_(options.fabric->ports()),
        rounding_(options.fabric->rounding()),
        made_(transport, *options.fabric,
              {.network = network_, .pipeline = options.pipeline, .faults = options.faults}) {}
  AllReduce& all_reduce() override { return made_; }
  Oracle oracle(int ranks, const Inputs& inputs, collective::ReduceOp op) const override {
    return optical_oracle(ranks, inputs, op, network_.quantiser, ports_, rounding_, network_.seed);
  }

 private:
  collective::OpticalNetworkOptions network_;
  int ports_;
  codec::Rounding rounding_;
  collective::OpticalAllReduce made_;
};

class SwitchAlgorithm : public Algorithm {
 public:
  SwitchAlgorithm(Transport& transport, const AlgorithmOptions& options)
      : network_(transport.size(), options.optics->network.quantiser.block),
        made_(transport, network_, options.pipeline) {}
  AllReduce& all_reduce() override { return made_; }
  Oracle oracle(int ranks, const Inputs& inputs, collective::ReduceOp op) const override {
    return int32_oracle(ranks, inputs, op, network_.quantiser());
  }

 private:
  collective::Int32Switch network_;
  collective::InNetworkAllReduce made_;
};

}  // namespace

std::vector<std::string> algorithm_names() {
  std::vector<std::string> names{"optinc", "ring", "rabenseifner", "tree", "int32-switch"};
#ifdef OPTINC_WITH_MPI
  names.emplace_back("mpi");
#endif
#ifdef OPTINC_WITH_TORCH
  names.emplace_back("gloo");
#endif
  return names;
}

std::unique_ptr<Algorithm> make_algorithm(const std::string& name, Transport& transport,
                                          [[maybe_unused]] const std::string& transport_name,
                                          const AlgorithmOptions& options) {
  if (name == "optinc") return std::make_unique<OpticalAlgorithm>(transport, options);
  if (name == "int32-switch") return std::make_unique<SwitchAlgorithm>(transport, options);
  for (const collective::Electrical electrical : collective::kElectrical) {
    if (to_string(electrical) == name) {
      return std::make_unique<Plain>(collective::make_all_reduce(electrical, transport));
    }
  }
#ifdef OPTINC_WITH_MPI
  if (name == "mpi") {
    base::require(transport_name == "mpi", "algorithm mpi over {}: expected mpirun -np N", transport_name);
    return std::make_unique<Foreign>(std::make_unique<collective::MpiAllReduce>(), /*half_types=*/false);
  }
#endif
#ifdef OPTINC_WITH_TORCH
  if (name == "gloo") {
    return std::make_unique<Foreign>(std::make_unique<backend::GlooAllReduce>(transport, options.deadline_s),
                                     /*half_types=*/false);
  }
#endif
  const std::vector<std::string> names = algorithm_names();
  base::refuse("algorithm \"{}\": expected {}, or all", name, fmt::join(names, ", "));
}

}  // namespace optinc::cli
