// Non-blocking TCP sockets. Errors are the system's, in base::RunError.
#pragma once

#include <cstddef>
#include <string>

#include "optinc/collective/file_descriptor.h"

namespace optinc::collective {

/// "127.0.0.1" and 4711.
struct TcpAddress {
  std::string host;
  int port = 0;
};
/// "127.0.0.1:4711"; the port is what is behind the last colon.
std::string to_string(const TcpAddress& address);
/// The inverse. Throws base::RunError.
TcpAddress parse_tcp_address(const std::string& text);

/// Listens on a port that is free, which `port` tells. Throws base::InputError when the host is none of this machine.
FileDescriptor listen_on(const std::string& host, int& port);

/// The next connection that waits; none: not open.
FileDescriptor accept_from(const FileDescriptor& listener);

/// Begins to connect; how it went can be asked when the socket is writable. Not open: refused at once, errno says why.
FileDescriptor start_to_connect(const TcpAddress& address);
/// 0 or an errno.
int connect_error(const FileDescriptor& socket);

/// What a call that reads or writes came to.
struct Transferred {
  std::size_t bytes = 0;
  bool ended = false;  ///< the connection has: by the peer, or by an error
};
/// As many bytes as there are or can be taken now.
Transferred read_some(const FileDescriptor& socket, void* data, std::size_t bytes);
Transferred write_some(const FileDescriptor& socket, const void* data, std::size_t bytes);
/// Of readv() or sendmsg(): its value, and errno.
Transferred transferred(long result, int error);

}  // namespace optinc::collective
