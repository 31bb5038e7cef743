// What two ranks tell each other about the group, on a connection of its own, so that it never waits behind data.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "optinc/collective/file_descriptor.h"
#include "optinc/collective/transport.h"

namespace optinc::collective {

struct TcpNotice {
  enum class Type : std::uint32_t {
    abort,    ///< this rank gives up; text: why
    regroup,  ///< this rank has come to the regrouping of `epoch`, with `state`
    view,     ///< this rank agrees to `membership` as of `epoch`
    goodbye   ///< this rank ends; state: 0 in an orderly way, 1 after a failure
  };
  Type type;
  std::uint64_t epoch = 0;
  std::uint64_t state = 0;
  std::string text;
  Membership membership;
};

class TcpControl {
 public:
  explicit TcpControl(FileDescriptor socket) : socket_(std::move(socket)) {}

  /// Never waits: what the socket does not take is sent by a later flush().
  void send(const TcpNotice& notice);
  void flush();
  bool has_unsent() const { return !unsent_.empty(); }
  /// Calls `take` with every notice that has come.
  void receive(const std::function<void(const TcpNotice&)>& take);
  /// The peer's end is gone, or has said what makes no sense.
  bool ended() const { return ended_; }
  /// The other side sees the end behind what was sent.
  void end();
  int fd() const { return socket_.get(); }

 private:
  FileDescriptor socket_;
  std::string unsent_, unread_;
  bool ended_ = false;
};

}  // namespace optinc::collective
