#include "optinc/cost/step.h"

#include <algorithm>

#include "optinc/base/error.h"

namespace optinc::cost {

StepCost step_cost(const Model& model, const Server& server, const StepOptions& options,
                   const AllReduceCost& all_reduce) {
  base::require(options.samples > 0, "samples {}: expected more than 0", options.samples);
  base::require(options.bucket_bytes > 0, "bucket of {} bytes: expected more than 0", options.bucket_bytes);
  base::require(options.element_bits > 0, "bits of an element {}: expected more than 0", options.element_bits);
  const double seconds_per_flop = options.samples / server.flop_per_s();
  StepCost step;
  step.compute_s = model.training_flop() * seconds_per_flop;
  step.update_s =
      static_cast<double>(model.parameters()) * options.update_bytes_per_parameter / server.memory_bytes_per_s;
  if (!options.overlapped) {
    step.communication_s = step.exposed_s = all_reduce(model.parameters()).seconds.sum();
    return step;
  }
  double now = model.forward_flop() * seconds_per_flop, network_free = 0;
  std::uint64_t waiting = 0;
  step.buckets = 0;
  const auto send = [&] {
    const double taken = all_reduce(waiting).seconds.sum();
    step.communication_s += taken;
    network_free = std::max(now, network_free) + taken;
    waiting = 0;
    ++step.buckets;
  };
  for (std::size_t i = model.parts.size(); i-- > 0;) {
    const ModelPart& part = model.parts[i];
    now += 2 * part.forward_flop * seconds_per_flop;
    waiting += part.parameters;
    if (static_cast<double>(waiting) * options.element_bits / 8 >= options.bucket_bytes) send();
  }
  if (waiting > 0) send();
  step.exposed_s = std::max(0.0, network_free - now);
  return step;
}

std::optional<double> samples_for_gain(const Model& model, const Server& server, double slow_s, double fast_s,
                                       double share) {
  base::require(share > 0 && share < 1, "gain {}: expected a share between 0 and 1", share);
  // 1 - (C + fast) / (C + slow) = share
  const double compute_s = (slow_s - fast_s) / share - slow_s;
  if (compute_s < 0) return std::nullopt;
  return compute_s * server.flop_per_s() / model.training_flop();
}

}  // namespace optinc::cost
