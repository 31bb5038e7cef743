// The all-reduce algorithms that `perf` compares, by name.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "optinc/cli/optics_options.h"
#include "optinc/cli/perf_oracle.h"
#include "optinc/collective/all_reduce.h"
#include "optinc/collective/optical_all_reduce.h"
#include "optinc/collective/transport.h"

namespace optinc::cli {

/// optinc, ring, rabenseifner, tree, int32-switch, and what this build has of mpi and gloo.
std::vector<std::string> algorithm_names();

struct AlgorithmOptions {
  const Optics* optics = nullptr;          ///< for optinc; must outlive the algorithm
  const fabric::Fabric* fabric = nullptr;  ///< the optics' own, or one with errors around it
  collective::InNetworkOptions pipeline;
  collective::ResilientOptions faults;
  double deadline_s = 60;
};

/// One algorithm at one rank, with all that it needs.
class Algorithm {
 public:
  virtual ~Algorithm() = default;
  virtual collective::AllReduce& all_reduce() = 0;
  /// Whether it can: MPI has no half types, ...
  virtual bool takes(codec::ElementType) const { return true; }
  virtual Oracle oracle(int ranks, const Inputs& inputs, collective::ReduceOp op) const {
    return electrical_oracle(ranks, inputs, op);
  }
};

/// All ranks make it together. Throws base::InputError for a name that is none, or that this transport can't have.
std::unique_ptr<Algorithm> make_algorithm(const std::string& name, collective::Transport& transport,
                                          const std::string& transport_name, const AlgorithmOptions& options);

}  // namespace optinc::cli
