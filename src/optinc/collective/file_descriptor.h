// An open file, socket or epoll of this process, closed at the end of its scope.
#pragma once

namespace optinc::collective {

/// Unlike a plain number it belongs to the process that opened it: in a child of fork() it is closed at once. A child
/// that keeps a socket open would hide its parent's death from the peers, and data loaders fork.
class FileDescriptor {
 public:
  FileDescriptor() = default;
  /// Takes over `fd`; -1 is none.
  explicit FileDescriptor(int fd);
  ~FileDescriptor() { close(); }
  FileDescriptor(FileDescriptor&& other) noexcept;
  FileDescriptor& operator=(FileDescriptor&& other) noexcept;

  /// -1 when there is none, and in a child of the process that opened it.
  int get() const;
  bool is_open() const { return get() >= 0; }
  void close();

 private:
  int fd_ = -1;
  int generation_ = 0;  // of this process among its ancestors, when it was opened
};

}  // namespace optinc::collective
