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

/// What an all-reduce goes over: an electrical network in 16 bits, or with codes as light's, or light.
enum class Network { electrical, codes, light };
std::string to_string(Network network);

struct Plan {
  int tensor = 1;
  int pipeline = 1;
  int data = 1;
  bool sharded = false;                        ///< data parallelism as ZeRO's second stage
  int sequences = 1;                           ///< of a micro-batch
  Network of_gradients = Network::electrical;  ///< of sharded ones the reduction alone
  Network of_activations = Network::electrical;

  int servers() const { return tensor * pipeline * data; }
  bool operator==(const Plan&) const = default;
};

struct PlanCost {
  Plan plan;
  int micro_batches = 0;  ///< of a pipeline, a step
  double compute_s = 0;   ///< forward and backward of the slowest stage, without waiting
  double bubble_s = 0;    ///< of the pipeline: (stages - 1) micro-batches
  double tensor_s = 0;    ///< all-reduces of activations
  double pipeline_s = 0;  ///< activations from stage to stage
  double data_s = 0;      ///< gradients, and gathered parameters
  double update_s = 0;
  double memory_bytes = 0;  ///< of a server of the fullest stage: parameters, gradients, AdamW's state, activations
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

/// Every plan that divides and fits in memory, fastest first, at most `most`; micro-batches of 1, 2, 4 .. 64 sequences.
/// Empty where there is none.
std::vector<PlanCost> best_plans(const ParallelQuestion& question, Network of_gradients, Network of_activations,
                                 std::size_t most = 5);

}  // namespace optinc::cost
