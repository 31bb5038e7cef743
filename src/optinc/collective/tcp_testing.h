// What tests of TCP ranks share: where ranks meet, ranks as threads, and ranks as processes that can be hit by signals.
#pragma once

#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <exception>
#include <filesystem>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "optinc/collective/file_store.h"
#include "optinc/collective/tcp_transport.h"
#include "optinc/collective/transport_error.h"

namespace optinc::collective {

using Bytes = std::vector<std::byte>;

inline Bytes bytes_of(std::size_t count, int value) {
  return Bytes(count, static_cast<std::byte>(value));
}

/// A new folder for ranks to meet in, removed at the end.
class Meeting {
 public:
  Meeting() {
    static int number = 0;
    folder_ = std::filesystem::path(testing::TempDir()) /
              ("tcp-" + std::to_string(getpid()) + "-" + std::to_string(number++));
    std::filesystem::remove_all(folder_);
  }
  ~Meeting() { std::filesystem::remove_all(folder_); }
  const std::filesystem::path& folder() const { return folder_; }

 private:
  std::filesystem::path folder_;
};

/// Ranks as threads, each with its own connections. What a rank throws, by rank; "" if nothing.
inline std::vector<std::string> run_tcp_ranks(int size, const TcpTransportOptions& options,
                                              const std::function<void(TcpTransport&)>& body) {
  const Meeting meeting;
  std::vector<std::string> errors(size);
  std::vector<std::jthread> threads;
  for (int rank = 0; rank < size; ++rank) {
    threads.emplace_back([&, rank] {
      try {
        FileStore store(meeting.folder());
        TcpTransport transport(store, rank, size, options);
        body(transport);
      } catch (const std::exception& error) {
        errors[rank] = error.what();
      }
    });
  }
  threads.clear();
  return errors;
}

/// What `action` throws; "" if nothing.
inline std::string error_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const std::exception& error) {
    return error.what();
  }
  return "";
}

/// A process that runs `body` and tells what it returns or throws. Make it while there is no other thread.
class Child {
 public:
  explicit Child(const std::function<std::string()>& body) {
    int ends[2];
    if (pipe(ends) != 0) throw std::runtime_error("no pipe");
    pid_ = fork();
    if (pid_ < 0) throw std::runtime_error("no process");
    if (pid_ == 0) {
      close(ends[0]);
      std::string told;
      try {
        told = body();
      } catch (const std::exception& error) {
        told = std::string("threw: ") + error.what();
      }
      if (write(ends[1], told.data(), told.size()) < 0) _exit(1);
      _exit(0);
    }
    close(ends[1]);
    end_ = ends[0];
  }
  ~Child() {
    hit(SIGKILL);
    waitpid(pid_, nullptr, 0);
    close(end_);
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  void hit(int signal) const { kill(pid_, signal); }

  /// Waits for its end. "silent" after `seconds`.
  std::string told(double seconds = 60) const {
    const auto until = std::chrono::steady_clock::now() + std::chrono::duration<double>(seconds);
    std::string all;
    while (true) {
      const auto left = std::chrono::duration<double>(until - std::chrono::steady_clock::now()).count();
      pollfd ready{end_, POLLIN, 0};
      if (left <= 0 || poll(&ready, 1, static_cast<int>(left * 1e3) + 1) <= 0) return "silent";
      char bytes[4096];
      const ssize_t count = read(end_, bytes, sizeof bytes);
      if (count <= 0) return all;
      all.append(bytes, static_cast<std::size_t>(count));
    }
  }

 private:
  pid_t pid_ = -1;
  int end_ = -1;
};

}  // namespace optinc::collective
