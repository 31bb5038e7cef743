#include "optinc/cost/topology.h"

#include <algorithm>
#include <array>
#include <cmath>

#include <fmt/ranges.h>

#include "optinc/base/error.h"

namespace optinc::cost {
namespace {

constexpr std::array kNames = {std::pair(Topology::cascade, "cascade"), std::pair(Topology::high_radix, "high-radix"),
                               std::pair(Topology::fat_tree, "fat-tree"), std::pair(Topology::dragonfly, "dragonfly"),
                               std::pair(Topology::circuits, "circuits")};

std::int64_t ceil_div(std::int64_t number, std::int64_t by) {
  return (number + by - 1) / by;
}

/// Devices of a cascade, all levels.
std::int64_t cascade_devices(std::int64_t servers, int ports) {
  std::int64_t devices = 0;
  for (std::int64_t lines = servers; devices == 0 || lines > 1;) devices += lines = ceil_div(lines, ports);
  return devices;
}

std::int64_t power_of(std::int64_t base, int exponent) {
  std::int64_t power = 1;
  for (int i = 0; i < exponent; ++i) power *= base;
  return power;
}

/// The electrical network's route, over which scales go.
Route electrical_route(const Reduction& reduction, const System& system) {
  return fat_tree_route(reduction.servers, system.parts.switch_ports);
}

/// Leaves that are more than one, as the servers of an all-reduce of codes above them.
Reduction above_leaves(const Reduction& reduction, std::int64_t leaves) {
  Reduction above = reduction;
  above.servers = static_cast<int>(leaves);
  above.element_bits = reduction.quantiser.bits;
  above.coded = false;
  return above;
}

TopologyCost cascade(const Reduction& reduction, const System& system) {
  const int ports = system.device.ports;
  TopologyCost found{.topology = Topology::cascade,
                     .cost = optinc(reduction, system, electrical_route(reduction, system))};
  found.levels = cascade_levels(reduction.servers, ports);
  found.devices = cascade_devices(reduction.servers, ports);
  found.idle_ports = ceil_div(reduction.servers, ports) * ports - reduction.servers;
  // Level l + 1 tells apart steps that are finer by the ports of level l.
  found.least_step = 1 / static_cast<double>(power_of(ports, found.levels));
  found.cut_by_leaf = std::min(reduction.servers, ports);
  found.cut_by_root = reduction.servers;
  return found;
}

/// A pass through one level of light, however many devices are in it.
Cost one_level(const Reduction& reduction, const System& system) {
  System wide = system;
  wide.device.ports = std::max(2, reduction.servers);
  Cost cost = optinc(reduction, wide, electrical_route(reduction, system));
  // Each device takes in the same elements at the same time.
  const double more = static_cast<double>(ceil_div(reduction.servers, system.device.ports)) - 1;
  cost.joules += more * cost.device_joules;
  cost.device_joules *= more + 1;
  return cost;
}

TopologyCost high_radix(const Reduction& reduction, const System& system) {
  System one = system;
  one.device.ports = std::max(2, reduction.servers);
  const bool known = one.device.ports == system.device.ports;
  if (!known) one.device.heater_w = one.device.laser_w = 0;
  if (!known) one.device.activations = 0;
  return {.topology = Topology::high_radix,
          .cost = one_level(reduction, one),
          .device_known = known,
          .devices = 1,
          .least_step = 1.0 / one.device.ports,
          .cut_by_leaf = reduction.servers,
          .cut_by_root = reduction.servers};
}

/// What fat tree and dragonfly have in common: light at the leaves, `above` over them, which takes in codes while more
/// come. Nothing is above a single leaf.
TopologyCost leaves_below(Topology topology, const Reduction& reduction, System system, const Cost& above) {
  const int ports = system.device.ports;
  const std::int64_t leaves = ceil_div(reduction.servers, ports);
  // Where what is above is slower, light waits for it, and more hides behind the wire.
  const double codes_s = one_level(reduction, system).seconds.wire;
  if (leaves > 1 && above.seconds.wire > codes_s) system.server.link_bits_per_s *= codes_s / above.seconds.wire;
  TopologyCost found{.topology = topology,
                     .cost = one_level(reduction, system),
                     .devices = leaves,
                     .idle_ports = leaves * ports - reduction.servers,
                     .least_step = 1.0 / ports,
                     .cut_by_leaf = std::min(reduction.servers, ports)};
  if (leaves == 1) {
    found.cut_by_root = found.cut_by_leaf;
    return found;
  }
  found.levels = 2;
  found.roundings = 2;
  Seconds& seconds = found.cost.seconds;
  // A leaf's light is detected and sent on, and what comes back is sent once more: two conversions.
  seconds.conversion += 2 * system.parts.conversion_s + above.seconds.conversion;
  seconds.software += above.seconds.software;
  seconds.flight += above.seconds.flight;
  seconds.accelerator += above.seconds.accelerator;
  found.cost.rounds += above.rounds;
  found.cost.joules += above.joules;
  return found;
}

TopologyCost fat_tree(const Reduction& reduction, const System& system, const TopologyOptions& options) {
  const std::int64_t leaves = ceil_div(reduction.servers, system.device.ports);
  System uplinks = system;
  uplinks.server.link_bits_per_s *= options.uplink;
  uplinks.parts.software_s = 0;
  TopologyCost found =
      leaves_below(Topology::fat_tree, reduction, system, in_network_switch(above_leaves(reduction, leaves), uplinks));
  if (leaves > 1) {
    const int switches = cascade_levels(static_cast<int>(leaves), system.parts.switch_ports);
    found.levels = 1 + switches;
    found.cut_by_root = reduction.servers;  // the switch at the top
  }
  return found;
}

TopologyCost dragonfly(const Reduction& reduction, const System& system, const TopologyOptions& options) {
  const std::int64_t leaves = ceil_div(reduction.servers, system.device.ports);
  System uplinks = system;
  uplinks.server.link_bits_per_s *= options.uplink;
  // Any group is one hop from any other; what suits the size is taken.
  const Reduction above = above_leaves(reduction, leaves);
  const Cost halving = rabenseifner(above, uplinks, Route{}), around = ring(above, uplinks, Route{});
  return leaves_below(Topology::dragonfly, reduction, system,
                      halving.seconds.sum() <= around.seconds.sum() ? halving : around);
}

TopologyCost circuits(const Reduction& reduction, const System& system) {
  const int ports = system.device.ports, passes = cascade_levels(reduction.servers, ports);
  TopologyCost found{.topology = Topology::circuits, .cost = one_level(reduction, system)};
  Cost& cost = found.cost;
  // The whole tensor goes through in every pass; scales are agreed on once, for all of them.
  const double scales_j =
      reduction.servers * cost.scale_bytes * 8 * energy_per_bit(system.parts, electrical_route(reduction, system));
  cost.rounds = passes;
  cost.port_bytes *= passes;
  cost.seconds.software *= passes;
  cost.seconds.flight *= passes;
  cost.seconds.conversion *= passes;
  cost.seconds.transit *= passes;
  cost.seconds.wire *= passes;
  cost.seconds.reconfiguration = (passes - 1) * system.parts.reconfiguration_s;
  cost.joules = (cost.joules - scales_j) * passes + scales_j;
  cost.device_joules *= passes;
  // Every average must weigh the same: all R^passes places are there, those without a server stand still.
  found.devices = power_of(ports, passes - 1);
  found.idle_ports = found.devices * ports - reduction.servers;
  found.roundings = passes;
  found.least_step = 1.0 / ports;
  found.cut_by_leaf = std::min(reduction.servers, ports);
  found.cut_by_root = reduction.servers;  // what one device gets wrong, later passes spread
  return found;
}

}  // namespace

std::string to_string(Topology topology) {
  return std::ranges::find(kNames, topology, [](const auto& pair) { return pair.first; })->second;
}

Topology parse_topology(std::string_view name) {
  std::vector<const char*> names;
  for (const auto& [topology, known] : kNames) {
    if (name == known) return topology;
    names.push_back(known);
  }
  base::refuse("topology {}: expected one of {}", name, fmt::join(names, ", "));
}

std::vector<Topology> topologies() {
  std::vector<Topology> all;
  for (const auto& [topology, name] : kNames) all.push_back(topology);
  return all;
}

TopologyCost all_reduce_on(Topology topology, const Reduction& reduction, const System& system,
                           const TopologyOptions& options) {
  base::require(options.uplink >= 1e-6 && options.uplink <= 1e6, "uplink {}: expected 1e-06 .. 1e+06", options.uplink);
  base::require(reduction.servers >= 1, "servers {}: expected 1 .. 65536", reduction.servers);
  switch (topology) {
    case Topology::cascade:
      return cascade(reduction, system);
    case Topology::high_radix:
      return high_radix(reduction, system);
    case Topology::fat_tree:
      return fat_tree(reduction, system, options);
    case Topology::dragonfly:
      return dragonfly(reduction, system, options);
    case Topology::circuits:
      return circuits(reduction, system);
  }
  base::refuse("topology {}: not one", static_cast<int>(topology));
}

std::vector<Placement> place(const std::vector<int>& job_servers, int leaves, int ports) {
  base::require(leaves >= 1, "leaves {}: expected 1 or more", leaves);
  base::require(ports >= 2, "ports {}: expected 2 or more", ports);
  std::vector<Placement> placements;
  std::int64_t next = 0;  // jobs only come, so that the first gap is behind the last job
  for (const int servers : job_servers) {
    base::require(servers >= 1, "a job of {} servers: expected 1 or more", servers);
    Placement job{.servers = servers, .leaves = static_cast<int>(ceil_div(servers, ports))};
    job.idle_ports = static_cast<int>(static_cast<std::int64_t>(job.leaves) * ports - servers);
    if (next + job.leaves <= leaves) {
      job.first_leaf = static_cast<int>(next);
      job.placed = true;
      next += job.leaves;
    }
    placements.push_back(job);
  }
  return placements;
}

std::vector<Fallback> after_a_dead_leaf(const Reduction& reduction, const System& system, double compute_s) {
  const Route route = electrical_route(reduction, system);
  std::vector<Fallback> choices;
  choices.push_back(
      {"ring of all, float", reduction.servers, compute_s + ring(reduction, system, route).seconds.sum(), 0});
  const int left = reduction.servers - std::min(reduction.servers, system.device.ports);
  if (left > 1) {
    Reduction survivors = reduction;
    survivors.servers = left;
    choices.push_back({"survivors through light", left, compute_s + optinc(survivors, system, route).seconds.sum(), 0});
  }
  choices.push_back({"spare by a circuit", reduction.servers,
                     compute_s + optinc(reduction, system, route).seconds.sum(), system.parts.reconfiguration_s});
  return choices;
}

}  // namespace optinc::cost
