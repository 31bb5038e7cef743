#include "optinc/base/parallel.h"

#include <sched.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <exception>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace optinc::base {
namespace {

/// Threads that wait for work between two calls. Starting threads anew costs more than it seems: libraries set up
/// buffers for every thread they meet (OpenBLAS maps 32 MB and more), page by page.
class Team {
 public:
  Team() = default;
  Team(const Team&) = delete;
  Team& operator=(const Team&) = delete;

  ~Team() {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    start_.notify_all();
    for (std::thread& member : members_) member.join();
  }

  /// Calls `run(thread)` on threads 0 (the caller) .. threads - 1. `run` may not throw.
  void call(int threads, const std::function<void(int)>& run) {
    while (static_cast<int>(members_.size()) < threads - 1) {
      // It waits for the calls after those that were.
      members_.emplace_back(
          [this, thread = static_cast<int>(members_.size()) + 1, seen = calls_] { wait(thread, seen); });
    }
    {
      const std::lock_guard lock(mutex_);
      run_ = &run;
      wanted_ = threads;
      working_ = threads - 1;
      ++calls_;
    }
    start_.notify_all();
    run(0);
    std::unique_lock lock(mutex_);
    done_.wait(lock, [this] { return working_ == 0; });
  }

 private:
  void wait(int thread, std::uint64_t seen) {
    std::unique_lock lock(mutex_);
    while (true) {
      start_.wait(lock, [&] { return stopping_ || calls_ != seen; });
      if (stopping_) return;
      seen = calls_;
      if (thread >= wanted_) continue;
      const std::function<void(int)>& run = *run_;
      lock.unlock();
      run(thread);
      lock.lock();
      if (--working_ == 0) done_.notify_one();
    }
  }

  std::mutex mutex_;
  std::condition_variable start_, done_;
  std::vector<std::thread> members_;
  const std::function<void(int)>* run_ = nullptr;
  int wanted_ = 0;   // threads of this call
  int working_ = 0;  // members that are not through with it
  std::uint64_t calls_ = 0;
  bool stopping_ = false;
};

}  // namespace

int available_threads() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof(set), &set) == 0) return std::max(1, CPU_COUNT(&set));
  return std::max(1u, std::thread::hardware_concurrency());
}

void parallel_for(std::size_t count, std::size_t grain, int threads,
                  const std::function<void(std::size_t, std::size_t, int)>& work) {
  if (count == 0) return;
  if (threads <= 0) threads = available_threads();
  const std::size_t ranges = (count + grain - 1) / grain;
  threads = static_cast<int>(std::min<std::size_t>(threads, ranges));
  std::atomic<std::size_t> next{0};
  std::exception_ptr failure;
  std::mutex failure_mutex;
  const auto run = [&](int thread) {
    try {
      for (std::size_t range = next++; range < ranges; range = next++) {
        work(range * grain, std::min(count, (range + 1) * grain), thread);
      }
    } catch (...) {
      next = ranges;
      const std::lock_guard lock(failure_mutex);
      if (!failure) failure = std::current_exception();
    }
  };
  // A caller's own team serves one call at a time: one within another's work finds it taken and does without.
  thread_local Team team;
  thread_local bool taken = false;
  if (threads == 1 || taken) {
    run(0);
  } else {
    taken = true;
    team.call(threads, run);
    taken = false;
  }
  if (failure) std::rethrow_exception(failure);
}

}  // namespace optinc::base
