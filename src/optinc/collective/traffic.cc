#include "optinc/collective/traffic.h"

#include <algorithm>
#include <bit>

#include "optinc/base/error.h"
#include "optinc/codec/pam4.h"
#include "optinc/collective/int32_switch.h"
#include "optinc/collective/parts.h"

namespace optinc::collective {
namespace {

Traffic ring(const TrafficQuestion& question) {
  const int n = question.servers;
  const std::uint64_t size = question.elements * question.element_bytes;
  const Parts parts(size, n, question.element_bytes);
  std::uint64_t most = 0;
  for (int rank = 0; rank < n; ++rank) {
    // All parts but the own while reducing, all but the next rank's while gathering.
    most = std::max(most, 2 * size - parts.size(rank) - parts.size((rank + 1) % n));
  }
  return {"ring", 2 * (n - 1), most, most};
}

Traffic rabenseifner(const TrafficQuestion& question) {
  const auto n = static_cast<unsigned>(question.servers);
  const unsigned power = std::bit_floor(n);
  const std::uint64_t size = question.elements * question.element_bytes;
  const Parts parts(size, static_cast<int>(power), question.element_bytes);
  const int levels = std::countr_zero(power);
  std::uint64_t most = 0;
  for (unsigned place = 0; place < power; ++place) {
    // What is given away while halving, and what is passed on while doubling.
    std::uint64_t sent = 0;
    unsigned first = 0;
    for (unsigned distance = power / 2; distance >= 1; distance /= 2) {
      const bool upper = (place & distance) != 0;
      const unsigned given = upper ? first : first + distance;
      sent += parts.end(static_cast<int>(given + distance) - 1) - parts.begin(static_cast<int>(given));
      if (upper) first += distance;
    }
    for (unsigned distance = 1; distance < power; distance *= 2) {
      const unsigned own = place / distance * distance;
      sent += parts.end(static_cast<int>(own + distance) - 1) - parts.begin(static_cast<int>(own));
    }
    // The first n - power places have a partner that stood aside and gets the result from them.
    most = std::max(most, sent + (place < n - power ? size : 0));
  }
  return {"rabenseifner", 2 * levels + (n > power ? 2 : 0), most, most};
}

Traffic tree(const TrafficQuestion& question) {
  const int levels = std::bit_width(static_cast<unsigned>(question.servers - 1));
  // The root has a child a level.
  const std::uint64_t most = question.elements * question.element_bytes * static_cast<unsigned>(levels);
  return {"tree", 2 * levels, most, most};
}

std::uint64_t scale_bytes_of(const TrafficQuestion& question, const codec::QuantiserOptions& quantiser) {
  return codec::block_count(question.elements, quantiser.block) * codec::scale_bytes(quantiser.scale_format);
}

}  // namespace

double Traffic::seconds(double latency_s, double bytes_per_second) const {
  return rounds * latency_s + static_cast<double>(std::max(sent_bytes, received_bytes)) / bytes_per_second;
}

std::vector<Traffic> traffic_of(const TrafficQuestion& question) {
  base::require(question.servers >= 1 && question.servers <= 65536, "servers {}: expected 1 .. 65536",
                question.servers);
  codec::check(question.quantiser);
  const Int32Switch electrical(question.servers, question.quantiser.block);
  const std::uint64_t by_switch =
      electrical.packed_bytes(question.elements) + scale_bytes_of(question, electrical.quantiser());
  const std::uint64_t by_light =
      codec::packed_bytes(question.elements, question.quantiser.bits) + scale_bytes_of(question, question.quantiser);
  return {ring(question), rabenseifner(question), tree(question), Traffic{"int32-switch", 2, by_switch, by_switch},
          Traffic{"optinc", 2, by_light, by_light}};
}

}  // namespace optinc::collective
