// What the parts of the TCP transport are told.
#pragma once

#include <cstddef>
#include <string>

namespace optinc::collective {

struct TcpTransportOptions {
  /// How long one exchange may take, connecting, and how long regroup() waits for those that do not come.
  double deadline_s = 60;
  /// The address of this machine to listen on and to tell the others: IPv4, IPv6, or a name.
  std::string address = "127.0.0.1";
  /// Of the keys in the store. Groups with different ones share a store.
  std::string prefix = "optinc";
  /// Whether what is sent gets a checksum (XXH3-64), which the receiver checks.
  bool checksum = true;
  /// Longer messages go in parts, each with a checksum of its own, which is made and checked while the part is in the
  /// cache: 1 .. 2^30.
  std::size_t part_bytes = std::size_t{256} << 10;
};

}  // namespace optinc::collective
