// Training a transformer in three dimensions: tensor, pipeline and data parallelism; which of their exchanges light can
// do, and the fastest plan for so many servers. Modelled.
//
// Tensor parallelism is Megatron-LM's (M. Shoeybi et al., arXiv:1909.08053): two all-reduces of activations a layer
// forward, two backward. Pipelines run one forward, one backward (D. Narayanan et al., arXiv:2104.04473). Sharded data
// parallelism is ZeRO's second stage (S. Rajbhandari et al., arXiv:1910.02054): gradients are reduced and scattered,
// parameters gathered.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "optinc/cost/scenario.h"

namespace optinc::cost {

/// An exchange that some kind of parallelism needs, and what a device that averages can do of it.
struct Exchange {
  std::string parallelism;  ///< "data", "tensor", ..
  std::string collective;   ///< "all-reduce of gradients", ..
  bool by_light = false;
  std::string why;
};
/// All of them, what light can't do as well.
const std::vector<Exchange>& exchanges();

struct Plan {
  int tensor = 1;
  int pipeline = 1;
  int data = 1;
  bool sharded = false;          ///< data parallelism as ZeRO's second stage
  int sequences = 1;             ///< of a micro-batch
  bool tensor_by_light = false;  ///< all-reduces of activations through devices
  bool data_by_light = false;    ///< of gradients; of sharded ones the reduction alone

  int servers() const { return tensor * pipeline * data; }
  bool operator==(const Plan&) const = default;
};

struct PlanCost {
  Plan plan;
  int micro_batches = 0;  ///< of a pipeline, a step
  double compute_s = 0;   ///< forward and backward, without waiting
  double bubble_s = 0;    ///< of the pipeline: (stages - 1) micro-batches
  double tensor_s = 0;    ///< all-reduces of activations
  double pipeline_s = 0;  ///< activations from stage to stage
  double data_s = 0;      ///< gradients, and gathered parameters
  double update_s = 0;
  double memory_bytes = 0;  ///< of a server: parameters, gradients, AdamW's state, activations
  double seconds() const { return compute_s + bubble_s + tensor_s + pipeline_s + data_s + update_s; }
};

struct ParallelQuestion {
  Scenario scenario;  ///< model (a transformer), system, quantiser; parameters lie in 16 bits, AdamW's state in 32
  int servers = 64;
  int sequences = 512;  ///< of all servers together, a step
};

/// Throws base::InputError for a model that is no transformer, and a plan that does not fit it: layers, heads,
/// sequences and servers must divide.
PlanCost plan_cost(const ParallelQuestion& question, const Plan& plan);

enum class Light { none, data, tensor, all };
std::string to_string(Light light);

/// Every plan that divides and fits in memory, fastest first, at most `most`; light does what `light` says. Empty where
/// none fits.
std::vector<PlanCost> best_plans(const ParallelQuestion& question, Light light, std::size_t most = 5);

}  // namespace optinc::cost
