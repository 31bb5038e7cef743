// The messages between two ranks: what is on its way out and in on their data connection, and its frames.
//
// A message goes in parts of at most `part_bytes`, each behind a header of 64 bytes: epoch (of the group), number and
// bytes of the message, offset and bytes of the part, checksum of the part, check of the header. It is sent from and
// received into the caller's memory. What nobody waits for stays in the socket, but for a few KB, and TCP holds the
// sender back.
//
// When an exchange fails, the rest of a part that has begun to leave is later filled with zeros, since its memory is
// the caller's again; the receiver throws away whatever is of an older epoch. After a header that makes no sense it
// looks, byte by byte, for the next one that does.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "optinc/collective/file_descriptor.h"
#include "optinc/collective/tcp_options.h"
#include "optinc/collective/transport_error.h"

namespace optinc::collective {

class TcpStream {
 public:
  struct Header {
    std::uint32_t magic;
    std::uint32_t flags;
    std::uint64_t epoch;
    std::uint64_t number;
    std::uint64_t message_bytes;
    std::uint64_t offset;
    std::uint64_t part_bytes;
    std::uint64_t checksum;
    std::uint64_t check;  // of all before it
  };
  static_assert(sizeof(Header) == 64);

  TcpStream(int rank, int size, int peer, FileDescriptor socket, const TcpTransportOptions& options);

  /// The memory must stay until the message is done or dropped. Not empty.
  void post_send(std::span<const std::byte> bytes) { out_.push_back(bytes); }
  void post_receive(std::span<std::byte> bytes) { in_.push_back(bytes); }
  /// Those of the posted ones that are done: memory of sent ones is free, received ones are there.
  std::size_t sent() const { return out_done_; }
  std::size_t received() const { return in_done_; }
  bool sends() const { return out_done_ < out_.size(); }
  bool receives() const { return in_done_ < in_.size(); }
  /// Whether the socket can bring something that is wanted now. False when the next message is of a later epoch.
  bool wants_to_read() const { return receives() && !ahead_; }

  /// Moves at most one part's worth, without waiting. Whether anything moved. receive_some() throws TransportError:
  /// mismatch, corrupted.
  bool send_some();
  bool receive_some();
  /// The connection has ended, and nothing can be received (or sent) any more.
  bool read_ended() const { return read_ended_; }
  bool write_ended() const { return write_ended_; }

  /// All posted ones are done: forgets them. Otherwise the same as drop().
  void finish();
  /// Forgets what was posted, done or not.
  void drop();
  /// From now on the messages are of this epoch; those of earlier ones that still come are thrown away. After drop().
  void begin_epoch(std::uint64_t epoch);

  void close();
  int fd() const { return socket_.get(); }

 private:
  static constexpr std::size_t kStagingBytes = 8 << 10;

  bool take_staged();
  bool take_header();
  bool accept_part();
  void take_part(const std::byte* from, std::size_t bytes);
  void end_part();
  void begin_part();
  Message receiving() const { return {Message::Kind::receive, rank_, size_, peer_, in_[in_done_].size()}; }

  int rank_;
  int size_;
  int peer_;
  FileDescriptor socket_;
  bool checksum_;
  std::size_t part_bytes_;
  std::uint64_t epoch_ = 0;
  bool read_ended_ = false;
  bool write_ended_ = false;

  std::vector<std::span<const std::byte>> out_;
  std::size_t out_done_ = 0;
  std::uint64_t out_number_ = 0;   // of the message in this epoch
  std::size_t out_offset_ = 0;     // of the part that is next or under way
  Header out_header_{};            // of the part that is under way
  bool out_part_ = false;          // one is under way
  bool out_fills_ = false;         // its message has been dropped
  std::size_t out_part_sent_ = 0;  // of header and part together

  std::vector<std::span<std::byte>> in_;
  std::size_t in_done_ = 0;
  std::uint64_t in_number_ = 0;
  std::size_t in_offset_ = 0;
  Header in_header_{};
  bool has_header_ = false;   // a part is under way: its header has come,
  bool accepted_ = false;     // and it is what is expected,
  bool thrown_away_ = false;  // or of no use
  bool ahead_ = false;        // the header is of a later epoch
  bool lost_ = false;         // there was no header where one should be
  std::size_t in_part_got_ = 0;

  std::unique_ptr<std::array<std::byte, kStagingBytes>> staging_;  // read ahead
  std::size_t staged_begin_ = 0, staged_end_ = 0;
};

}  // namespace optinc::collective
