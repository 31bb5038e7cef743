#include "bindings/apart.h"

#include <cblas.h>

#include <chrono>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <thread>

namespace py = pybind11;

namespace optinc::python {
namespace {

struct Stopped {};

/// OpenBLAS's threads, while some work has taken them away.
struct Blas {
  std::mutex mutex;
  int working = 0;
  int threads_before = 1;
};

Blas& blas() {
  static Blas only;
  return only;
}

/// The first of those that work at the same time takes OpenBLAS's threads away, the last one gives them back.
class OneBlasThread {
 public:
  OneBlasThread() {
    const std::lock_guard lock(blas().mutex);
    if (blas().working++ > 0) return;
    blas().threads_before = openblas_get_num_threads();
    openblas_set_num_threads(1);
  }
  ~OneBlasThread() {
    const std::lock_guard lock(blas().mutex);
    if (--blas().working == 0) openblas_set_num_threads(blas().threads_before);
  }
  OneBlasThread(const OneBlasThread&) = delete;
  OneBlasThread& operator=(const OneBlasThread&) = delete;
};

void call_progress(const py::object& progress, std::uint64_t done, std::uint64_t total) {
  if (!progress.is_none()) progress(done, total);
}

}  // namespace

void Watch::check() const {
  if (stopping_) throw Stopped{};
}

void run_apart(const py::object& progress, std::uint64_t total, const std::function<void(Watch&)>& work) {
  Watch watch;
  std::mutex mutex;
  std::condition_variable ended_changed;
  bool ended = false;
  std::exception_ptr failure, raised;
  {
    const py::gil_scoped_release release;
    std::thread worker([&] {
      try {
        const OneBlasThread one;
        work(watch);
      } catch (...) {
        failure = std::current_exception();
      }
      const std::lock_guard lock(mutex);
      ended = true;
      ended_changed.notify_one();
    });
    std::unique_lock lock(mutex);
    while (!ended_changed.wait_for(lock, std::chrono::milliseconds(100), [&] { return ended; })) {
      if (raised) continue;
      lock.unlock();
      {
        const py::gil_scoped_acquire acquire;
        try {
          if (PyErr_CheckSignals() != 0) throw py::error_already_set();
          call_progress(progress, watch.done(), total);
        } catch (py::error_already_set&) {
          raised = std::current_exception();
          watch.stop();
        }
      }
      lock.lock();
    }
    lock.unlock();
    worker.join();
  }
  if (raised) std::rethrow_exception(raised);
  if (failure) std::rethrow_exception(failure);
  call_progress(progress, total, total);
}

void run_apart(const std::function<void()>& work) {
  run_apart(py::none(), 0, [&](Watch&) { work(); });
}

}  // namespace optinc::python
