#include "optinc/cost/reduction.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "optinc/base/error.h"
#include "optinc/codec/pam4.h"

namespace optinc::cost {
namespace {

constexpr int kMostServers = 65536;

void check_question(const Reduction& reduction, const System& system) {
  base::require(reduction.servers >= 1 && reduction.servers <= kMostServers, "servers {}: expected 1 .. {}",
                reduction.servers, kMostServers);
  base::require(reduction.element_bits >= 1 && reduction.element_bits <= 64, "bits of an element {}: expected 1 .. 64",
                reduction.element_bits);
  base::require(reduction.pieces >= 0, "pieces {}: expected 0 or more", reduction.pieces);
  codec::check(reduction.quantiser);
  check(system);
}

/// ceil(log2 n), 0 for 1.
int rounds_of_doubling(int servers) {
  return std::bit_width(static_cast<unsigned>(servers - 1));
}

double message_s(const Parts& parts, const Route& route) {
  return parts.software_s + route.fibres() * parts.fibre_s + route.switches * parts.switch_s +
         route.conversions() * parts.conversion_s;
}

/// The mean over messages of which `far_share` go between switches and the others stay under one.
double mean_j_per_bit(const Parts& parts, const Route& route, double far_share) {
  if (route.switches <= 1) return energy_per_bit(parts, route);
  return far_share * energy_per_bit(parts, route) + (1 - far_share) * energy_per_bit(parts, Route{1});
}

void add_latency(Seconds& seconds, const Parts& parts, const Route& route, double messages) {
  seconds.software += messages * parts.software_s;
  seconds.flight += messages * (route.fibres() * parts.fibre_s + route.switches * parts.switch_s);
  seconds.conversion += messages * route.conversions() * parts.conversion_s;
}

double codes_bytes(const Reduction& reduction) {
  return static_cast<double>(codec::packed_bytes(reduction.elements, reduction.quantiser.bits));
}

constexpr double kMostPieces = 65536;

/// Adding what arrives: two numbers read, one written, for (N - 1) / N of the elements.
double adding_s(const Reduction& reduction, const Server& server) {
  return 3 * reduction.sent_bytes() * (reduction.servers - 1) / reduction.servers / server.memory_bytes_per_s;
}

struct ScaleExchange {
  double messages = 0;
  double bytes = 0;  // sent by a port
};

/// The largest of all servers' scales at all servers: by doubling, or by halving and doubling, whichever is sooner
/// done. Any N: the largest of more than all is the largest.
ScaleExchange exchange_of_scales(const Reduction& reduction, const System& system, const Route& route) {
  if (!reduction.coded) return {};
  const double scales = static_cast<double>(codec::block_count(reduction.elements, reduction.quantiser.block) *
                                            codec::scale_bytes(reduction.quantiser.scale_format));
  const int n = reduction.servers;
  const double log = rounds_of_doubling(n);
  const ScaleExchange doubling{log, log * scales}, halving{2 * log, 2 * scales * (n - 1) / n};
  const auto seconds = [&](const ScaleExchange& one) {
    return one.messages * message_s(system.parts, route) + one.bytes / system.server.port_bytes_per_s();
  };
  return seconds(doubling) <= seconds(halving) ? doubling : halving;
}

/// Quantising reads a number twice (the largest of a block first) and writes a code; dequantising the other way.
double quantising_s(const Reduction& reduction, const Server& server) {
  if (!reduction.coded || reduction.fused) return 0;
  return (3 * reduction.gradient_bytes() + 2 * codes_bytes(reduction)) / server.memory_bytes_per_s;
}

/// Fills in scales and what does not hide behind the port; wire and port_bytes are there. The tensor goes in pieces, as
/// many as take the least time: the accelerator works on one while another is on its way, the first has nothing to hide
/// behind, and each but the first is launched beside the others, scales and all (`launches` of its own).
void finish(Cost& cost, const Reduction& reduction, const System& system, const Route& route, double adding,
            int launches) {
  const ScaleExchange exchange = exchange_of_scales(reduction, system, route);
  const double scales = exchange.bytes / system.server.port_bytes_per_s();
  const double port = cost.seconds.wire + scales;
  const double work = adding + quantising_s(reduction, system.server);
  const auto launching = [&](double pieces) {
    return (pieces - 1) * (exchange.messages + launches) * system.parts.software_s;
  };
  const auto seconds = [&](double pieces) {
    return std::max({port, work, launching(pieces)}) + std::min(port, work) / pieces;
  };
  double best = std::max(1, reduction.pieces);
  for (double pieces = 2; reduction.pieces == 0 && pieces <= kMostPieces; pieces *= 2) {
    if (seconds(pieces) < seconds(best)) best = pieces;
  }
  cost.scale_bytes = exchange.bytes;
  cost.seconds.scales = scales + exchange.messages * message_s(system.parts, route);
  cost.seconds.accelerator = std::max(0.0, work - port) + std::min(port, work) / best;
  cost.seconds.software += std::max(0.0, launching(best) - std::max(port, work));
  cost.joules += reduction.servers * exchange.bytes * 8 * energy_per_bit(system.parts, route);
}

/// An algorithm of messages between servers, each of which waits for the one before.
Cost messages(const char* name, const System& system, const Route& route, int rounds, double port_bytes) {
  Cost cost{.algorithm = name, .rounds = rounds, .port_bytes = port_bytes};
  add_latency(cost.seconds, system.parts, route, rounds);
  cost.seconds.wire = port_bytes / system.server.port_bytes_per_s();
  return cost;
}

}  // namespace

double Reduction::sent_bytes() const {
  return coded ? codes_bytes(*this) : gradient_bytes();
}

double energy_per_bit(const Parts& parts, const Route& route) {
  return route.conversions() * parts.conversion_j_per_bit + route.switches * parts.switch_j_per_bit;
}

Route fat_tree_route(int servers, int ports) {
  Route route{1};
  // One level has `ports` servers; each further level multiplies by half the ports.
  for (double most = ports; most < servers; most *= ports / 2.0) {
    base::require(ports > 2, "switches of {} ports for {} servers: expected 3 or more", ports, servers);
    route.switches += 2;
  }
  return route;
}

int cascade_levels(int servers, int ports) {
  int levels = 1;
  for (double most = ports; most < servers; most *= ports) ++levels;
  return levels;
}

Cost ring(const Reduction& reduction, const System& system, const Route& route) {
  check_question(reduction, system);
  const int n = reduction.servers;
  if (n == 1) return {.algorithm = "ring"};
  Cost cost = messages("ring", system, route, 2 * (n - 1), 2 * reduction.sent_bytes() * (n - 1) / n);
  finish(cost, reduction, system, route, adding_s(reduction, system.server), 0);
  // Neighbours share a leaf switch but for one pair a leaf.
  cost.joules += n * cost.port_bytes * 8 * mean_j_per_bit(system.parts, route, 2.0 / system.parts.switch_ports);
  return cost;
}

Cost rabenseifner(const Reduction& reduction, const System& system, const Route& route) {
  check_question(reduction, system);
  const auto n = static_cast<unsigned>(reduction.servers);
  if (n == 1) return {.algorithm = "rabenseifner"};
  const unsigned power = std::bit_floor(n);
  const double halved = 2 * reduction.sent_bytes() * (power - 1) / power,
               aside = n > power ? reduction.sent_bytes() : 0;
  Cost cost =
      messages("rabenseifner", system, route, 2 * std::countr_zero(power) + (n > power ? 2 : 0), halved + aside);
  // A server too many gives its tensor before, during which its partner receives, and gets the result after.
  cost.seconds.wire += aside / system.server.port_bytes_per_s();
  finish(cost, reduction, system, route, adding_s(reduction, system.server), 0);
  // Only the last halvings and first doublings, of a leaf's share of the tensor, stay under one switch.
  const double far_share = 1 - std::min(1.0, system.parts.switch_ports / 2.0 / n);
  cost.joules += (power * halved + 2.0 * (n - power) * aside) * 8 * mean_j_per_bit(system.parts, route, far_share);
  return cost;
}

Cost double_tree(const Reduction& reduction, const System& system, const Route& route, int pieces, int in_flight) {
  check_question(reduction, system);
  base::require(pieces >= 0 && in_flight >= 1, "{} pieces, {} in flight: expected 0 or more, 1 or more", pieces,
                in_flight);
  const int n = reduction.servers;
  if (n == 1) return {.algorithm = "double-tree"};
  // A server is within one tree and a leaf of the other: it sends S/2 up in both and S/2 down to two children in the
  // first. Of two or three servers the one within has fewer.
  const double half = reduction.sent_bytes() / 2, port_bytes = half * std::min(n, 4);
  const double rate = system.server.port_bytes_per_s(), message = message_s(system.parts, route);
  const int hops = 2 * rounds_of_doubling(n);
  // k - 1 pieces pass the busiest port, first come, first served. A tree's next piece waits until one of those in
  // flight has arrived, and is launched four times. The last piece then has all hops before it: up alone, down beside
  // the other child's.
  const auto period = [&](double k) {
    return std::max({port_bytes / k / rate, (message + half / k / rate) / in_flight, 4 * system.parts.software_s});
  };
  const auto wire = [&](double k) { return (k - 1) * period(k) + 1.5 * hops * half / k / rate; };
  double best = std::max(1, pieces);
  for (double k = 2; pieces == 0 && k <= kMostPieces; k *= 2) {
    if (wire(k) < wire(best)) best = k;
  }
  Cost cost{.algorithm = "double-tree", .rounds = hops, .port_bytes = port_bytes};
  add_latency(cost.seconds, system.parts, route, hops);
  cost.seconds.wire = wire(best);
  finish(cost, reduction, system, route, adding_s(reduction, system.server), 0);
  // All servers together send S/2 up and S/2 down in each tree, but for its root; most to neighbours.
  cost.joules += 4 * half * (n - 1) * 8 * mean_j_per_bit(system.parts, route, 2.0 / system.parts.switch_ports);
  return cost;
}

Cost in_network_switch(const Reduction& reduction, const System& system) {
  check_question(reduction, system);
  const Parts& parts = system.parts;
  const int n = reduction.servers;
  Cost cost{.algorithm = "switch"};
  if (n == 1) return cost;
  const int levels = cascade_levels(n, parts.switch_ports);
  const int fibres = 2 * levels;  // up and down
  cost.rounds = 1;
  cost.port_bytes = reduction.sent_bytes();
  cost.seconds.software = parts.software_s;
  cost.seconds.flight = fibres * parts.fibre_s + (fibres - 1) * parts.switch_s;
  cost.seconds.conversion = 2 * fibres * parts.conversion_s;
  const double round_trip = cost.seconds.flight + cost.seconds.conversion;
  double rate = system.server.port_bytes_per_s();
  if (parts.switch_buffer_bytes > 0 && round_trip > 0) {
    rate = std::min(rate, system.server.links * parts.switch_buffer_bytes / round_trip);
  }
  cost.seconds.wire = cost.port_bytes / rate;
  finish(cost, reduction, system, fat_tree_route(n, parts.switch_ports), 0, 1);
  // Level l has N / ports^(l - 1) lines; each carries S up into a switch and S down, with conversions at both ends.
  double lines = n;
  for (int level = 0; level < levels; ++level) {
    cost.joules += lines * cost.port_bytes * 8 * (4 * parts.conversion_j_per_bit + parts.switch_j_per_bit);
    lines = std::ceil(lines / parts.switch_ports);
  }
  return cost;
}

Cost optinc(const Reduction& reduction, const System& system, const Route& route, bool regenerated) {
  check_question(reduction, system);
  const Parts& parts = system.parts;
  const Device& device = system.device;
  const int n = reduction.servers;
  Cost cost{.algorithm = "optinc"};
  if (n == 1) return cost;
  Reduction codes = reduction;
  codes.coded = true;
  const double rate = system.server.port_bytes_per_s();
  const int levels = cascade_levels(n, device.ports);
  cost.rounds = 1;
  cost.port_bytes = codes.sent_bytes();
  cost.seconds.software = parts.software_s;
  cost.seconds.flight = 2 * levels * parts.fibre_s;
  cost.seconds.conversion = (2 + (regenerated ? 2 * (levels - 1) : 0)) * parts.conversion_s;
  cost.seconds.transit = levels * parts.transit_s(device);
  cost.seconds.wire = cost.port_bytes / rate;
  finish(cost, codes, system, route, 0, 1);

  double devices = 0, lines = n;
  for (int level = 0; level < levels; ++level) devices += lines = std::ceil(lines / device.ports);
  const double conversions = 2 * n + (regenerated ? 2 * (devices - 1) : 0);  // of a line's bits
  cost.device_joules =
      devices *
      (static_cast<double>(reduction.elements) * static_cast<double>(device.activations) * parts.activation_j +
       parts.copies(device, rate) * (device.heater_w / parts.colours + device.laser_w) * cost.seconds.wire);
  cost.joules += conversions * cost.port_bytes * 8 * parts.conversion_j_per_bit + cost.device_joules;
  return cost;
}

std::vector<Cost> all_reduces(const Reduction& reduction, const System& system, bool direct) {
  const Route route = direct ? Route{} : fat_tree_route(reduction.servers, system.parts.switch_ports);
  return {ring(reduction, system, route), rabenseifner(reduction, system, route), double_tree(reduction, system, route),
          in_network_switch(reduction, system), optinc(reduction, system, route)};
}

}  // namespace optinc::cost
