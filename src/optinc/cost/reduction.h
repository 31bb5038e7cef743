// What one all-reduce costs, in closed form: bytes, rounds, seconds, joules. Modelled; equations: doc/cost.md.
//
// Nothing here is measured. Rounds and bytes are those of the algorithms in collective/ (a test holds them to
// collective/traffic.h); times follow from them and from cost/system.h, and tests/simgrid holds them to a simulator.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "optinc/codec/block_quantiser.h"
#include "optinc/cost/system.h"

namespace optinc::cost {

/// What is averaged, among how many.
struct Reduction {
  std::uint64_t elements = 0;
  int element_bits = 32;  ///< in memory
  int servers = 4;
  codec::QuantiserOptions quantiser;  ///< of the optics; its bits are the device's
  int pieces = 0;                     ///< that go one behind the other; 0: as many as take the least time
  /// Electrical networks send codes as the optics do, too: quantised, with scales that all servers agree on. That sums
  /// of N codes are log2 N bits longer is not counted, in their favour.
  bool coded = false;
  /// Gradients are quantised where they are made and dequantised in the update, so that no memory is read or written
  /// for it.
  bool fused = false;

  double gradient_bytes() const { return static_cast<double>(elements) * element_bits / 8; }
  /// What one pass of an electrical network takes.
  double sent_bytes() const;
};

/// Seconds by where they pass; what hides behind something else is not in them, so that their sum is the whole.
struct Seconds {
  double software = 0;         ///< launching messages
  double flight = 0;           ///< fibres, and electrical switches without their conversions
  double conversion = 0;       ///< electrical to optical and back
  double transit = 0;          ///< light through devices
  double scales = 0;           ///< agreeing on scales: bytes, and the latency of the first chunk's
  double wire = 0;             ///< the payload through the port
  double accelerator = 0;      ///< adding, quantising: what does not hide behind the port
  double reconfiguration = 0;  ///< of optical circuits

  double sum() const {
    return software + flight + conversion + transit + scales + wire + accelerator + reconfiguration;
  }
};

struct Cost {
  std::string algorithm;
  int rounds = 0;          ///< messages, or passes, one behind the other, the exchange of scales not counted
  double port_bytes = 0;   ///< payload that the busiest port sends
  double scale_bytes = 0;  ///< that it sends of scales
  Seconds seconds;
  double joules = 0;         ///< of the network, all servers together; accelerators and idle hardware are left out
  double device_joules = 0;  ///< of them, what devices' heaters, lasers and activations take
};

/// How a message goes from server to server.
struct Route {
  int switches = 0;  ///< electrical packet switches in the way; 0: an optical circuit or a passive middle

  int fibres() const { return switches == 0 ? 2 : switches + 1; }
  int conversions() const { return 2 * (switches == 0 ? 1 : switches + 1); }
};

/// Of conversions and switches on it.
double energy_per_bit(const Parts& parts, const Route& route);

/// The route between servers that are farthest apart in a fat tree of switches of `ports` ports (C. Leiserson, IEEE
/// Trans. Comput. C-34, 892 (1985); folded Clos: 1 switch up to `ports` servers, 3 up to ports^2 / 2, 5 ..).
Route fat_tree_route(int servers, int ports);

// The algorithms. All throw base::InputError for servers out of 1 .. 65,536 and what check(System) refuses. With one
// server nothing is sent.

/// 2 (N - 1) rounds of S / N.
Cost ring(const Reduction& reduction, const System& system, const Route& route);
/// R. Thakur, R. Rabenseifner, W. Gropp, IJHPCA 19, 49 (2005): halving, then doubling; for N that is no power of two as
/// in collective/.
Cost rabenseifner(const Reduction& reduction, const System& system, const Route& route);
/// P. Sanders, J. Speck, J. L. Traff, Parallel Computing 35, 581 (2009): two trees, half of the tensor through each, as
/// NCCL does; `pieces` one behind the other (0: as many as take the least time), of which `in_flight` are on their way
/// to a server at once (NCCL: 8).
Cost double_tree(const Reduction& reduction, const System& system, const Route& route, int pieces = 0,
                 int in_flight = 8);
/// Electrical switches that add, in a tree: in at every port, out at every port, once. R. Graham et al., COM-HPC 2016
/// (SHARP). It adds the tensor's own type, so there are no scales. Where a port's buffer holds less than a round trip's
/// bytes, it sets the rate.
Cost in_network_switch(const Reduction& reduction, const System& system);
/// Devices of system.device.ports ports in as many levels as it takes (one: the paper's figure 2; two: its section
/// III-C), with what it takes to agree on scales over `route`. `regenerated`: light is detected and sent anew between
/// levels.
Cost optinc(const Reduction& reduction, const System& system, const Route& route, bool regenerated = true);

/// Levels of a cascade of devices of `ports` ports for so many servers.
int cascade_levels(int servers, int ports);

/// Ring, Rabenseifner, double tree, switch, optinc: in this order, over the fat tree's route (`direct`: over an
/// optical circuit, which the paper's ring has).
std::vector<Cost> all_reduces(const Reduction& reduction, const System& system, bool direct = false);

}  // namespace optinc::cost
