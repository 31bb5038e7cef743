// What a training step costs: arithmetic, the all-reduce as far as it does not hide behind it, the update. Modelled.
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "optinc/cost/model.h"
#include "optinc/cost/reduction.h"

namespace optinc::cost {

/// Costs an all-reduce of so many elements.
using AllReduceCost = std::function<Cost(std::uint64_t elements)>;

struct StepOptions {
  double samples = 32;         ///< of a server, a step
  bool overlapped = false;     ///< the all-reduce of one bucket runs while gradients of others are computed
  double bucket_bytes = 25e6;  ///< of gradients that go together where overlapped: PyTorch's default
  int element_bits = 32;       ///< of a gradient, for buckets
  /// Memory that the update moves: AdamW in float32 reads parameter, gradient and two moments and writes three back. 0:
  /// the update is left out, as in the paper's figure 7b.
  double update_bytes_per_parameter = 28;
};

struct StepCost {
  double compute_s = 0;        ///< forward and backward
  double communication_s = 0;  ///< what all-reduces take
  double exposed_s = 0;        ///< of that, what does not hide behind the backward pass
  double update_s = 0;
  int buckets = 1;

  double seconds() const { return compute_s + exposed_s + update_s; }
};

/// Backward goes through the parts from the last to the first, each taking twice its forward pass; a bucket is sent
/// when its last gradient is there and the bucket before is through (one network, first come, first served). Throws
/// base::InputError for samples, buckets or bits that are not above 0.
StepCost step_cost(const Model& model, const Server& server, const StepOptions& options,
                   const AllReduceCost& all_reduce);

/// The samples of a server and step at which `fast` all-reduces make a step shorter than `slow` ones by `share`,
/// nothing overlapped; nothing where no number of samples does.
std::optional<double> samples_for_gain(const Model& model, const Server& server, double slow_s, double fast_s,
                                       double share);

}  // namespace optinc::cost
