// How ranks get their TCP connections: each publishes where it listens, of a pair the higher rank connects.
#pragma once

#include <vector>

#include "optinc/collective/file_descriptor.h"
#include "optinc/collective/store.h"
#include "optinc/collective/tcp_options.h"

namespace optinc::collective {

/// With one peer: what is said about the group never waits behind data.
struct TcpConnections {
  FileDescriptor data, control;
};

/// [rank]; nothing for the own one. The value of key PREFIX/RANK is "address:port nonce": only those who know the nonce
/// are let in, and one that is left from an earlier run leads nowhere until it is overwritten. Throws base::InputError
/// for impossible options, TransportError (deadline) that names the ranks that do not come, base::RunError.
std::vector<TcpConnections> connect_ranks(Store& store, int rank, int size, const TcpTransportOptions& options);

}  // namespace optinc::collective
