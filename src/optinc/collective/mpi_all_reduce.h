// The all-reduce of the MPI library itself, to compare with. Built with OPTINC_WITH_MPI.
#pragma once

#include <memory>

#include "optinc/collective/all_reduce.h"

namespace optinc::collective {

/// MPI_Allreduce in float32 over all processes, which make it and destroy it together, within an MpiSession. What
/// crosses a port is MPI's affair: wire_bytes is 0. It has no deadline.
class MpiAllReduce : public AllReduce {
 public:
  MpiAllReduce();
  ~MpiAllReduce() override;
  std::string name() const override { return "mpi"; }

 private:
  struct State;
  /// Throws base::InputError for another type than float32: MPI has no other of ours.
  AllReduceStats run(const Tensor& tensor, const ReduceCall& call) override;
  std::unique_ptr<State> state_;
};

}  // namespace optinc::collective
