// How the library refuses. Libraries throw; only main() turns an exception into an exit code.
#pragma once

#include <stdexcept>
#include <string>
#include <utility>

#include <fmt/format.h>

namespace optinc::base {

/// Input that can't be used: a file, a flag, a value. Its message is one line that names the value and what was
/// expected. The program exits with 2.
class InputError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Something outside failed while running: a peer that does not answer, a disk that is full. The program exits with 1.
class RunError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Throws InputError(fmt::format(format, args...)).
template <typename... Args>
[[noreturn]] void refuse(fmt::format_string<Args...> format, Args&&... args) {
  throw InputError(fmt::format(format, std::forward<Args>(args)...));
}

/// Throws InputError(fmt::format(format, args...)) unless `condition` holds.
template <typename... Args>
void require(bool condition, fmt::format_string<Args...> format, Args&&... args) {
  if (!condition) refuse(format, std::forward<Args>(args)...);
}

}  // namespace optinc::base
