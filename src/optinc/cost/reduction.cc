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
  base::require(reduction.chunk >= 1, "chunk {}: expected 1 or more elements", reduction.chunk);
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

/// What it takes to send a bit along a route.
double route_j_per_bit(const Parts& parts, const Route& route) {
  return route.conversions() * parts.conversion_j_per_bit + route.switches * parts.switch_j_per_bit;
}

void add_latency(Seconds& seconds, const Parts& parts, const Route& route, double messages) {
  seconds.software += messages * parts.software_s;
  seconds.flight += messages * (route.fibres() * parts.fibre_s + route.switches * parts.switch_s);
  seconds.conversion += messages * route.conversions() * parts.conversion_s;
}

/// Work of the accelerator beside a port that is busy for `port_s`, in `pieces`: what is not hidden. The first piece
/// has no transfer to hide behind (or the last no work).
double visible(double accelerator_s, double port_s, double pieces) {
  return std::max(0.0, accelerator_s - port_s) + std::min(accelerator_s, port_s) / pieces;
}

double codes_bytes(const Reduction& reduction) {
  return static_cast<double>(codec::packed_bytes(reduction.elements, reduction.quantiser.bits));
}

double pieces_of(const Reduction& reduction) {
  return std::max(1.0, std::ceil(static_cast<double>(reduction.elements) / static_cast<double>(reduction.chunk)));
}

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
ScaleExchange exchange_of_scales(double scale_bytes, int servers, double message_s, double bytes_per_s) {
  const double log = rounds_of_doubling(servers);
  const ScaleExchange doubling{log, log * scale_bytes};
  const ScaleExchange halving{2 * log, 2 * scale_bytes * (servers - 1) / servers};
  const auto seconds = [&](const ScaleExchange& one) { return one.messages * message_s + one.bytes / bytes_per_s; };
  return seconds(doubling) <= seconds(halving) ? doubling : halving;
}

/// What codes take beside their way through the network.
struct Coding {
  double scale_bytes = 0;  // sent by a port
  double scales_s = 0;
  double quantising_s = 0;
};

Coding coding_of(const Reduction& reduction, const System& system, const Route& route) {
  const double rate = system.server.port_bytes_per_s(), pieces = pieces_of(reduction);
  const double codes = static_cast<double>(codec::block_count(reduction.elements, reduction.quantiser.block) *
                                           codec::scale_bytes(reduction.quantiser.scale_format));
  const double message = message_s(system.parts, route);
  const ScaleExchange exchange = exchange_of_scales(codes / pieces, reduction.servers, message, rate);
  // The first chunk waits for its scales; those of the others come while the chunk before is on its way.
  Coding coding{.scale_bytes = exchange.bytes * pieces,
                .scales_s = exchange.bytes * pieces / rate + exchange.messages * message};
  // Quantising reads a number twice (the largest of a block first) and writes a code; dequantising the other way.
  if (!reduction.fused) {
    coding.quantising_s =
        (3 * reduction.gradient_bytes() + 2 * codes_bytes(reduction)) / system.server.memory_bytes_per_s;
  }
  return coding;
}

/// Fills in what the accelerator does not hide, and the scales where codes are sent; wire and port_bytes are there.
void finish(Cost& cost, const Reduction& reduction, const System& system, const Route& route, double adding) {
  Coding coding;
  if (reduction.coded) coding = coding_of(reduction, system, route);
  cost.scale_bytes = coding.scale_bytes;
  cost.seconds.scales = coding.scales_s;
  cost.seconds.accelerator =
      visible(adding + coding.quantising_s, cost.seconds.wire + coding.scale_bytes / system.server.port_bytes_per_s(),
              pieces_of(reduction));
  cost.joules += reduction.servers * coding.scale_bytes * 8 * route_j_per_bit(system.parts, route);
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
  Cost cost = messages("ring", system, route, 2 * (n - 1), 2 * reduction.sent_bytes() * (n - 1) / n);
  finish(cost, reduction, system, route, adding_s(reduction, system.server));
  cost.joules += n * cost.port_bytes * 8 * route_j_per_bit(system.parts, route);
  return cost;
}

Cost rabenseifner(const Reduction& reduction, const System& system, const Route& route) {
  check_question(reduction, system);
  const auto n = static_cast<unsigned>(reduction.servers);
  const unsigned power = std::bit_floor(n);
  const double halved = 2 * reduction.sent_bytes() * (power - 1) / power,
               aside = n > power ? reduction.sent_bytes() : 0;
  Cost cost =
      messages("rabenseifner", system, route, 2 * std::countr_zero(power) + (n > power ? 2 : 0), halved + aside);
  // A server too many gives its tensor before, during which its partner receives, and gets the result after.
  cost.seconds.wire += aside / system.server.port_bytes_per_s();
  finish(cost, reduction, system, route, adding_s(reduction, system.server));
  cost.joules += (power * halved + 2.0 * (n - power) * aside) * 8 * route_j_per_bit(system.parts, route);
  return cost;
}

Cost double_tree(const Reduction& reduction, const System& system, const Route& route, int pieces, int in_flight) {
  check_question(reduction, system);
  base::require(pieces >= 0 && in_flight >= 1, "{} pieces, {} in flight: expected 0 or more, 1 or more", pieces,
                in_flight);
  const int n = reduction.servers;
  if (n == 1) return messages("double-tree", system, route, 0, 0);
  // A server is within one tree and a leaf of the other: it sends S/2 up in both and S/2 down to two children in the
  // first. Of two or three servers the one within has fewer.
  const double half = reduction.sent_bytes() / 2, port_bytes = half * std::min(n, 4);
  const double rate = system.server.port_bytes_per_s(), message = message_s(system.parts, route);
  const int hops = 2 * rounds_of_doubling(n);
  // k - 1 pieces pass a port, each waiting for a share of a message's latency; the last then has all hops before it,
  // behind what is in flight there: up alone, down beside the other child's.
  const auto waiting = [&](double k) { return (k - 1) * message / in_flight; };
  const auto wire = [&](double k) {
    return (k - 1) / k * port_bytes / rate + 1.5 * hops * std::min<double>(in_flight, k) * half / k / rate;
  };
  double best = std::max(1, pieces);
  for (double k = 2; pieces == 0 && k <= 65536; k *= 2) {
    if (waiting(k) + wire(k) < waiting(best) + wire(best)) best = k;
  }
  Cost cost{.algorithm = "double-tree", .rounds = hops, .port_bytes = port_bytes};
  add_latency(cost.seconds, system.parts, route, hops + (best - 1) / in_flight);
  cost.seconds.wire = wire(best);
  finish(cost, reduction, system, route, adding_s(reduction, system.server));
  // All servers together send S up and S down in each tree, but for its root, and the other way.
  cost.joules += 4 * half * (n - 1) * 8 * route_j_per_bit(system.parts, route);
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
  cost.rounds = 2;
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
  finish(cost, reduction, system, fat_tree_route(n, parts.switch_ports), 0);
  // Level l has N / ports^(l - 1) lines; each carries S up and S down, through a conversion at both ends and a switch.
  double lines = n;
  for (int level = 0; level < levels; ++level) {
    cost.joules += 2 * lines * cost.port_bytes * 8 * (2 * parts.conversion_j_per_bit + parts.switch_j_per_bit);
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
  finish(cost, codes, system, route, 0);

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
