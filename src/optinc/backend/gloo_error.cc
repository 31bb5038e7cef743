#include "optinc/backend/gloo_error.h"

#include <fmt/format.h>

#include "optinc/collective/transport_error.h"

namespace optinc::backend {

using Cause = collective::TransportError::Cause;

std::string first_line(const std::string& what) {
  // "[../gloo/transport/tcp/pair.cc:598] Connection closed by peer [127.0.0.1]:4242\nException raised from ..."
  std::string line = what.substr(0, what.find('\n'));
  const std::size_t end = line.find("] ");
  if (line.starts_with('[') && end != std::string::npos) line.erase(0, end + 2);
  return line;
}

void throw_gloo_error(const std::string& doing, const std::exception& error) {
  const std::string text = first_line(error.what());
  Cause cause = Cause::broken;
  if (text.find("imed out") != std::string::npos || text.find("imeout") != std::string::npos) cause = Cause::deadline;
  if (text.find("onnection") != std::string::npos &&
      (text.find("closed") != std::string::npos || text.find("reset") != std::string::npos)) {
    cause = Cause::gone;
  }
  throw collective::TransportError(cause, -1, fmt::format("{}: Gloo: {}", doing, text));
}

}  // namespace optinc::backend
