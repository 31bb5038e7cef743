// Networks with devices in them: how servers are connected, what an all-reduce then takes, what a dead device cuts off,
// and how jobs fit on it. Modelled, as all of this folder.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "optinc/cost/reduction.h"

namespace optinc::cost {

enum class Topology {
  cascade,     ///< devices on devices, light all the way (paper section III-C; deeper than its two levels: ours)
  high_radix,  ///< one device with a port for every server
  fat_tree,    ///< devices at the leaves, electrical switches that add above them
  dragonfly,   ///< devices at the leaves, each with a processor that takes part in an all-reduce over global links (J.
               ///< Kim et al., ISCA 2008: groups that are all connected to each other; a group is a device's servers)
  circuits     ///< one level of devices; optical circuits put other servers together for each of several passes
};
std::string to_string(Topology topology);
/// Throws base::InputError with the names that exist.
Topology parse_topology(std::string_view name);
std::vector<Topology> topologies();

struct TopologyOptions {
  double uplink = 1;  ///< of a leaf in fat_tree and dragonfly, over a server's port
};

struct TopologyCost {
  Topology topology = Topology::cascade;
  Cost cost;
  int levels = 1;            ///< of devices and of what is above them
  bool device_known = true;  ///< its area and power are those of the system's device; else they are not in `cost`
  std::int64_t devices = 0;  ///< OptINCs, each as many times as Parts::copies says
  std::int64_t idle_ports = 0;
  int roundings = 1;  ///< how often decimals are lost: 1 is the exact average, rounded once
  /// Share of a symbol's distance between two sums that a device must tell apart: 1 over the ports that meet in one
  /// output. In a cascade the last level's.
  double least_step = 1;
  std::int64_t cut_by_leaf = 0;  ///< servers that a dead device of the first level cuts off
  std::int64_t cut_by_root = 0;  ///< that the last level's does; all: none is left to go on without
};

/// Throws base::InputError as reduction.h does, and for an uplink out of 1e-6 .. 1e6.
TopologyCost all_reduce_on(Topology topology, const Reduction& reduction, const System& system,
                           const TopologyOptions& options = {});

/// A job's share of a network of devices. A device averages all of its ports, so jobs do not share one.
struct Placement {
  int servers = 0;
  int leaves = 0;      ///< devices of the first level, its own
  int idle_ports = 0;  ///< of them
  int first_leaf = 0;
  bool placed = false;
};

/// Jobs in the order given, each on leaves side by side, on the first gap that is large enough. Throws base::InputError
/// for jobs or sizes below 1.
std::vector<Placement> place(const std::vector<int>& job_servers, int leaves, int ports);

/// What becomes of a step when a device dies.
struct Fallback {
  std::string what;   ///< "ring of all", "survivors through light", "spare by a circuit"
  int servers = 0;    ///< that go on
  double step_s = 0;  ///< of a step from then on
  double once_s = 0;  ///< until it is set up
};

/// The choices after a device of the first level is gone: a ring of all servers over the electrical network; the others
/// go on through light; a spare device, put in by a circuit switch. `compute_s`: what else a step takes.
std::vector<Fallback> after_a_dead_leaf(const Reduction& reduction, const System& system, double compute_s);

}  // namespace optinc::cost
