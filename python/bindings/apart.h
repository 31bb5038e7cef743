// Long work beside the interpreter: without its lock, on a thread of its own, and Ctrl-C still heard.
#pragma once

#include <pybind11/pybind11.h>

#include <atomic>
#include <cstdint>
#include <functional>

namespace optinc::python {

/// How the work and the caller of run_apart see each other.
class Watch {
 public:
  /// Called by the work between two pieces. Throws, and so ends the work, where the caller wants that.
  void check() const;
  /// So much is done.
  void report(std::uint64_t done) { done_ = done; }

  std::uint64_t done() const { return done_; }
  void stop() { stopping_ = true; }

 private:
  std::atomic<std::uint64_t> done_ = 0;
  std::atomic<bool> stopping_ = false;
};

/// Runs `work` and returns when it is over. While it runs, `progress` (None: nothing) is called with (done, total) a
/// few times a second, by the caller's thread, and with (total, total) at the end. A signal's handler that raises, like
/// that of Ctrl-C, or a `progress` that raises, ends the work at its next piece; what it raised is raised here.
///
/// A thread of its own: teams of threads (base/parallel.h) belong to the thread that called them, so that none are left
/// for a process that forks afterwards. OpenBLAS has one thread meanwhile (linalg/blas.h) and then, for NumPy, as many
/// as before.
void run_apart(const pybind11::object& progress, std::uint64_t total, const std::function<void(Watch&)>& work);

/// Without pieces.
void run_apart(const std::function<void()>& work);

}  // namespace optinc::python
