#include "optinc/collective/file_descriptor.h"

#include <pthread.h>
#include <unistd.h>

#include <atomic>
#include <mutex>
#include <set>
#include <utility>

namespace optinc::collective {
namespace {

/// All that are open, for the child of a fork() to close.
struct Registry {
  std::mutex mutex;
  std::set<int> open;
  std::atomic<int> generation = 0;  // forks that led to this process
};

Registry& registry() {
  static Registry& made = *[] {
    auto* fresh = new Registry;  // never destroyed: fork() may come at any time
    pthread_atfork([] { registry().mutex.lock(); }, [] { registry().mutex.unlock(); },
                   [] {
                     for (const int fd : registry().open) ::close(fd);
                     registry().open.clear();
                     ++registry().generation;
                     registry().mutex.unlock();
                   });
    return fresh;
  }();
  return made;
}

}  // namespace

FileDescriptor::FileDescriptor(int fd) : fd_(fd) {
  if (fd < 0) return;
  const std::lock_guard lock(registry().mutex);
  registry().open.insert(fd);
  generation_ = registry().generation;
}

FileDescriptor::FileDescriptor(FileDescriptor&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)), generation_(other.generation_) {}

FileDescriptor& FileDescriptor::operator=(FileDescriptor&& other) noexcept {
  if (this == &other) return *this;
  close();
  fd_ = std::exchange(other.fd_, -1);
  generation_ = other.generation_;
  return *this;
}

int FileDescriptor::get() const {
  return fd_ >= 0 && generation_ == registry().generation.load(std::memory_order_relaxed) ? fd_ : -1;
}

void FileDescriptor::close() {
  const int fd = std::exchange(fd_, -1);
  if (fd < 0) return;
  const std::lock_guard lock(registry().mutex);
  if (generation_ != registry().generation) return;
  registry().open.erase(fd);
  ::close(fd);
}

}  // namespace optinc::collective
