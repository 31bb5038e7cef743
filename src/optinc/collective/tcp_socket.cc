#include "optinc/collective/tcp_socket.h"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <memory>

#include "optinc/base/error.h"

namespace optinc::collective {
namespace {

struct FreeAddresses {
  void operator()(addrinfo* addresses) const { freeaddrinfo(addresses); }
};

/// The first address of a host. Throws base::RunError.
std::unique_ptr<addrinfo, FreeAddresses> look_up(const TcpAddress& address) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const int error = getaddrinfo(address.host.c_str(), std::to_string(address.port).c_str(), &hints, &found);
  if (error != 0) throw base::RunError(fmt::format("address \"{}\": {}", address.host, gai_strerror(error)));
  return std::unique_ptr<addrinfo, FreeAddresses>(found);
}

FileDescriptor open_socket(const addrinfo& address) {
  const int fd = socket(address.ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) throw base::RunError(fmt::format("no socket: {}", std::strerror(errno)));
  return FileDescriptor(fd);
}

/// Small messages leave at once. The sizes of the buffers are left to the system: it lets them grow up to net.ipv4's
/// tcp_rmem and tcp_wmem, and setting them would bound them by net.core's maxima, which are smaller.
void set_no_delay(const FileDescriptor& socket) {
  const int on = 1;
  setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

}  // namespace

std::string to_string(const TcpAddress& address) {
  return fmt::format("{}:{}", address.host, address.port);
}

TcpAddress parse_tcp_address(const std::string& text) {
  const std::size_t colon = text.rfind(':');
  TcpAddress address;
  if (colon != std::string::npos) {
    address.host = text.substr(0, colon);
    std::from_chars(text.data() + colon + 1, text.data() + text.size(), address.port);
  }
  if (address.host.empty() || address.port < 1 || address.port > 65535) {
    throw base::RunError(fmt::format("\"{}\": expected an address and a port, as in 127.0.0.1:4711", text));
  }
  return address;
}

FileDescriptor listen_on(const std::string& host, int& port) {
  std::unique_ptr<addrinfo, FreeAddresses> address;
  try {
    address = look_up({host, 0});
  } catch (const base::RunError& error) {
    base::refuse("{}", error.what());
  }
  FileDescriptor listener = open_socket(*address);
  base::require(bind(listener.get(), address->ai_addr, address->ai_addrlen) == 0, "address \"{}\": can't listen: {}",
                host, std::strerror(errno));
  sockaddr_storage bound{};
  socklen_t bound_bytes = sizeof bound;
  if (listen(listener.get(), SOMAXCONN) != 0 ||
      getsockname(listener.get(), reinterpret_cast<sockaddr*>(&bound), &bound_bytes) != 0) {
    throw base::RunError(fmt::format("address \"{}\": can't listen: {}", host, std::strerror(errno)));
  }
  port = ntohs(bound.ss_family == AF_INET6 ? reinterpret_cast<const sockaddr_in6&>(bound).sin6_port
                                           : reinterpret_cast<const sockaddr_in&>(bound).sin_port);
  return listener;
}

FileDescriptor accept_from(const FileDescriptor& listener) {
  FileDescriptor accepted(accept4(listener.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
  if (accepted.is_open()) set_no_delay(accepted);
  return accepted;
}

FileDescriptor start_to_connect(const TcpAddress& address) {
  const auto found = look_up(address);
  FileDescriptor connecting = open_socket(*found);
  set_no_delay(connecting);
  if (connect(connecting.get(), found->ai_addr, found->ai_addrlen) == 0 || errno == EINPROGRESS) return connecting;
  return {};
}

int connect_error(const FileDescriptor& socket) {
  int error = 0;
  socklen_t bytes = sizeof error;
  return getsockopt(socket.get(), SOL_SOCKET, SO_ERROR, &error, &bytes) == 0 ? error : errno;
}

Transferred transferred(long result, int error) {
  if (result > 0) return {.bytes = static_cast<std::size_t>(result)};
  const bool later = result < 0 && (error == EAGAIN || error == EWOULDBLOCK || error == EINTR);
  return {.ended = !later};
}

Transferred read_some(const FileDescriptor& socket, void* data, std::size_t bytes) {
  const long result = recv(socket.get(), data, bytes, MSG_DONTWAIT);
  return transferred(result, errno);
}

Transferred write_some(const FileDescriptor& socket, const void* data, std::size_t bytes) {
  const long result = send(socket.get(), data, bytes, MSG_DONTWAIT | MSG_NOSIGNAL);
  return transferred(result, errno);
}

}  // namespace optinc::collective
