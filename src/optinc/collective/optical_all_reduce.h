// The all-reduce that users switch on: the optics, with what happens when something fails (doc/collective.md).
#pragma once

#include <memory>

#include "optinc/collective/in_network_all_reduce.h"
#include "optinc/collective/optical_network.h"
#include "optinc/collective/resilient_all_reduce.h"

namespace optinc::collective {

struct OpticalAllReduceOptions {
  OpticalNetworkOptions network;
  InNetworkOptions pipeline;
  ResilientOptions faults;
};

class OpticalAllReduce : public AllReduce {
 public:
  /// Throws base::InputError for more ranks than ports and for impossible options. `transport` and `fabric` must live
  /// as long as this.
  OpticalAllReduce(Transport& transport, const fabric::Fabric& fabric, const OpticalAllReduceOptions& options = {});
  std::string name() const override { return "optinc"; }
  /// The ranks that take part, ascending: all, until some are lost and the others go on.
  const std::vector<int>& members() const { return resilient_.members(); }

 private:
  AllReduceStats run(const Tensor& tensor, const ReduceCall& call) override {
    return resilient_.all_reduce(tensor, call);
  }

  ResilientAllReduce resilient_;
};

}  // namespace optinc::collective
