// The all-reduce of Gloo, as PyTorch runs it on CPUs, to compare with.
#pragma once

#include <memory>
#include <string>

#include "optinc/collective/all_reduce.h"
#include "optinc/collective/transport.h"

namespace optinc::backend {

/// c10d's ProcessGroupGloo: a ring over connections of its own. It sums and divides in the tensor's type, in float32
/// and float16; it has no bfloat16. What crosses a port is Gloo's affair: wire_bytes and
/// rounds are 0. What Gloo says when it fails is the end of a TransportError, which names no peer: Gloo doesn't.
class GlooAllReduce : public collective::AllReduce {
 public:
  /// All ranks make it together. They meet at a store that rank 0 opens at `address`, a name or number of its host;
  /// `transport` tells the others its port and is not used later. Throws TransportError when they don't meet within
  /// the deadline, which is each all-reduce's, too.
  GlooAllReduce(collective::Transport& transport, double deadline_s, const std::string& address = "127.0.0.1");
  ~GlooAllReduce() override;
  std::string name() const override { return "gloo"; }

 private:
  struct Group;
  /// Throws base::InputError for bfloat16.
  collective::AllReduceStats run(const collective::Tensor& tensor, const collective::ReduceCall& call) override;

  std::unique_ptr<Group> group_;
};

}  // namespace optinc::backend
