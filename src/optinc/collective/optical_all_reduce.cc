#include "optinc/collective/optical_all_reduce.h"

namespace optinc::collective {
namespace {

/// The network and the way through it, together.
class Through : public AllReduce {
 public:
  Through(Transport& transport, const fabric::Fabric& fabric, const OpticalNetworkOptions& network,
          const InNetworkOptions& pipeline)
      : network_(fabric, network), all_reduce_(transport, network_, pipeline) {}
  std::string name() const override { return "optinc"; }

 private:
  AllReduceStats run(const Tensor& tensor, const ReduceCall& call) override {
    return all_reduce_.all_reduce(tensor, call);
  }

  OpticalNetwork network_;
  InNetworkAllReduce all_reduce_;
};

MakeOptics maker(const fabric::Fabric& fabric, const OpticalAllReduceOptions& options) {
  return [&fabric, network = options.network, pipeline = options.pipeline](Transport& ranks,
                                                                           const std::vector<int>& dark_ports) mutable {
    network.dark_ports = dark_ports;
    return std::make_unique<Through>(ranks, fabric, network, pipeline);
  };
}

}  // namespace

OpticalAllReduce::OpticalAllReduce(Transport& transport, const fabric::Fabric& fabric,
                                   const OpticalAllReduceOptions& options)
    : resilient_(transport, maker(fabric, options), options.faults) {}

}  // namespace optinc::collective
