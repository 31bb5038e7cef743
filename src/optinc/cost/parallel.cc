#include "optinc/cost/parallel.h"

#include <algorithm>
#include <cmath>

#include "optinc/base/error.h"

namespace optinc::cost {
namespace {

constexpr double kParameterBytes = 2;  // bfloat16, gradients alike
constexpr double kStateBytes = 12;     // float32: master copy, two moments
// An element of hidden, a layer: V. Korthikanti et al., arXiv:2205.05198, scores recomputed. What tensor parallelism
// splits, and what every server has whole.
constexpr double kSplitActivationBytes = 24, kWholeActivationBytes = 10;

const TransformerShape& shape_of(const ParallelQuestion& question) {
  base::require(question.scenario.model.transformer.has_value(), "{}: expected a transformer",
                question.scenario.model.name);
  return *question.scenario.model.transformer;
}

/// What keeps a plan from fitting; empty if nothing does.
std::string misfit(const ParallelQuestion& question, const Plan& plan) {
  const TransformerShape& shape = shape_of(question);
  if (plan.servers() != question.servers) {
    return fmt::format("{} x {} x {} servers: expected {}", plan.tensor, plan.pipeline, plan.data, question.servers);
  }
  if (shape.heads % plan.tensor != 0 || shape.key_value_heads % plan.tensor != 0) {
    return fmt::format("tensor {}: does not divide {} heads and {} of keys and values", plan.tensor, shape.heads,
                       shape.key_value_heads);
  }
  if (shape.layers % plan.pipeline != 0)
    return fmt::format("pipeline {}: does not divide {} layers", plan.pipeline, shape.layers);
  const std::int64_t a_pass = static_cast<std::int64_t>(plan.data) * plan.sequences;
  if (question.sequences % a_pass != 0) {
    return fmt::format("{} sequences: do not divide into {} x {}", question.sequences, plan.data, plan.sequences);
  }
  return "";
}

/// The fastest electrical all-reduce of elements of 16 bits, or of codes, or light's.
double all_reduce_s(const Scenario& scenario, double elements, int servers, Network network) {
  if (servers == 1) return 0;
  Reduction reduction = scenario.reduction(static_cast<std::uint64_t>(elements));
  reduction.servers = servers;
  reduction.element_bits = 16;
  reduction.coded = network == Network::codes;
  const std::vector<Cost> costs = all_reduces(reduction, scenario.system, scenario.direct);
  if (network == Network::light) return costs.back().seconds.sum();
  double least = costs.front().seconds.sum();
  for (std::size_t i = 1; i + 1 < costs.size(); ++i) least = std::min(least, costs[i].seconds.sum());
  return least;
}

/// A reduce-scatter or an all-gather: half of a ring or of Rabenseifner's, whichever is sooner done.
double half_all_reduce_s(const Scenario& scenario, double elements, int servers, bool coded) {
  if (servers == 1) return 0;
  Reduction reduction = scenario.reduction(static_cast<std::uint64_t>(elements));
  reduction.servers = servers;
  reduction.element_bits = 16;
  reduction.coded = coded;
  const Route route = scenario.direct ? Route{} : fat_tree_route(servers, scenario.system.parts.switch_ports);
  return std::min(ring(reduction, scenario.system, route).seconds.sum(),
                  rabenseifner(reduction, scenario.system, route).seconds.sum()) /
         2;
}

double message_s(const Scenario& scenario, double bytes, int servers) {
  const Parts& parts = scenario.system.parts;
  const Route route = scenario.direct ? Route{} : fat_tree_route(servers, parts.switch_ports);
  return parts.software_s + route.fibres() * parts.fibre_s + route.switches * parts.switch_s +
         route.conversions() * parts.conversion_s + bytes / scenario.system.server.port_bytes_per_s();
}

std::vector<int> divisors(int number) {
  std::vector<int> all;
  for (int d = 1; d <= number; ++d) {
    if (number % d == 0) all.push_back(d);
  }
  return all;
}

}  // namespace

const std::vector<Exchange>& exchanges() {
  static const std::vector<Exchange> all = {
      {"data", "all-reduce of gradients", true, "what the device does: one average of B bits"},
      {"data, sharded", "reduce-scatter of gradients", true,
       "as an all-reduce of which each keeps its part: the splitter sends all of it to all, so a port receives S where "
       "a "
       "ring brings (N - 1) / N of it"},
      {"data, sharded", "all-gather of parameters", false,
       "the average of one tensor and N - 1 zeros: log2 N of the B bits are lost, and parameters bear no such loss"},
      {"tensor", "all-reduce of activations", true,
       "an average of B bits times N; its error enters every layer, forward and backward"},
      {"tensor, by sequence", "all-gather of activations", false, "as for parameters: log2 N of the B bits are lost"},
      {"pipeline", "point to point", false, "nothing is averaged"},
      {"expert", "all-to-all", false, "nothing is averaged: every pair has a message of its own"},
  };
  return all;
}

PlanCost plan_cost(const ParallelQuestion& question, const Plan& plan) {
  const std::string why = misfit(question, plan);
  base::require(why.empty(), "{}", why);
  const TransformerShape& shape = shape_of(question);
  const Scenario& scenario = question.scenario;
  const Server& server = scenario.system.server;
  PlanCost cost{.plan = plan, .micro_batches = question.sequences / plan.data / plan.sequences};

  // The first stage has the table of tokens, the last the output matrix: the slowest and the fullest stage count.
  const double micro_batches = cost.micro_batches;
  const double layers = static_cast<double>(shape.layers) / plan.pipeline;
  const auto embedding = static_cast<double>(shape.embedding_parameters());
  const double output_flop = scenario.model.parts.back().forward_flop;
  const double stage_flop = 3 * (layers * shape.layer_forward_flop() + output_flop) * question.sequences / plan.data;
  cost.compute_s = stage_flop / plan.tensor / server.flop_per_s();
  const double activations = static_cast<double>(plan.sequences) * shape.context * shape.hidden;
  cost.tensor_s = 4 * layers * micro_batches * all_reduce_s(scenario, activations, plan.tensor, plan.of_activations);
  if (plan.pipeline > 1) {
    cost.pipeline_s =
        2 * micro_batches * message_s(scenario, activations * kParameterBytes / plan.tensor, plan.pipeline);
  }
  // A stage waits for the others' first and last micro-batches, exchanges included.
  cost.bubble_s = (plan.pipeline - 1) * (cost.compute_s + cost.tensor_s + cost.pipeline_s) / micro_batches;

  const double parameters = (layers * static_cast<double>(shape.layer_parameters()) + shape.hidden +
                             (plan.pipeline == 1 ? 2 : 1) * embedding) /
                            plan.tensor;
  if (!plan.sharded) {
    cost.data_s = all_reduce_s(scenario, parameters, plan.data, plan.of_gradients);
  } else {
    const bool coded = plan.of_gradients == Network::codes;
    const double scattering = plan.of_gradients == Network::light
                                  ? all_reduce_s(scenario, parameters, plan.data, Network::light)
                                  : half_all_reduce_s(scenario, parameters, plan.data, coded);
    cost.data_s = scattering + half_all_reduce_s(scenario, parameters, plan.data, false);
  }
  const double sharers = plan.sharded ? plan.data : 1;
  cost.update_s = parameters / sharers * scenario.step.update_bytes_per_parameter / server.memory_bytes_per_s;
  // As many micro-batches as there are stages wait for their backward pass at the first of them.
  const double in_flight = std::min<double>(plan.pipeline, micro_batches);
  cost.memory_bytes = parameters * (kParameterBytes + (kParameterBytes + kStateBytes) / sharers) +
                      (kWholeActivationBytes + kSplitActivationBytes / plan.tensor) * activations * layers * in_flight;
  return cost;
}

std::string to_string(Network network) {
  return network == Network::light ? "light" : network == Network::codes ? "codes" : "electrical";
}

std::vector<PlanCost> best_plans(const ParallelQuestion& question, Network of_gradients, Network of_activations,
                                 std::size_t most) {
  const TransformerShape& shape = shape_of(question);
  base::require(question.servers >= 1 && question.servers <= 65536, "servers {}: expected 1 .. 65536",
                question.servers);
  base::require(question.sequences >= 1, "sequences {}: expected 1 or more", question.sequences);
  std::vector<PlanCost> found;
  for (const int tensor : divisors(shape.heads)) {
    if (question.servers % tensor != 0) continue;
    for (const int pipeline : divisors(shape.layers)) {
      if (question.servers / tensor % pipeline != 0) continue;
      for (const bool sharded : {false, true}) {
        for (int sequences = 1; sequences <= 64; sequences *= 2) {
          const Plan plan{.tensor = tensor,
                          .pipeline = pipeline,
                          .data = question.servers / tensor / pipeline,
                          .sharded = sharded,
                          .sequences = sequences,
                          .of_gradients = of_gradients,
                          .of_activations = of_activations};
          if (!misfit(question, plan).empty() || (sharded && plan.data == 1)) continue;
          const PlanCost cost = plan_cost(question, plan);
          if (cost.memory_bytes <= question.scenario.system.server.memory_bytes) found.push_back(cost);
        }
      }
    }
  }
  std::ranges::stable_sort(found, {}, &PlanCost::seconds);
  if (found.size() > most) found.resize(most);
  return found;
}

}  // namespace optinc::cost
