// What PyTorch and its Gloo say when they fail, in a line.
#pragma once

#include <exception>
#include <string>

namespace optinc::backend {

/// What stands before the traces that PyTorch puts behind its errors, without the place in its source.
std::string first_line(const std::string& what);

/// Throws TransportError: `doing`, then Gloo's text. No peer: Gloo names addresses, not ranks.
[[noreturn]] void throw_gloo_error(const std::string& doing, const std::exception& error);

}  // namespace optinc::backend
