#include "optinc/collective/tcp_stream.h"

#include <sys/socket.h>
#include <sys/uio.h>
#include <xxhash.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "optinc/collective/tcp_socket.h"

namespace optinc::collective {
namespace {

using Cause = TransportError::Cause;

constexpr std::uint32_t kMagic = 0x7244744f;  // "OtDr"
constexpr std::uint32_t kHasChecksum = 1;
constexpr std::size_t kHeaderBytes = sizeof(TcpStream::Header);

std::uint64_t check_of(const TcpStream::Header& header) {
  return XXH3_64bits(&header, offsetof(TcpStream::Header, check));
}

/// Bytes for nobody.
std::span<std::byte> waste() {
  static thread_local std::vector<std::byte> bytes(64 << 10);
  return bytes;
}
std::span<const std::byte> zeros() {
  static const std::vector<std::byte> bytes(64 << 10);
  return bytes;
}

}  // namespace

TcpStream::TcpStream(int rank, int size, int peer, FileDescriptor socket, const TcpTransportOptions& options)
    : rank_(rank),
      size_(size),
      peer_(peer),
      socket_(std::move(socket)),
      checksum_(options.checksum),
      part_bytes_(options.part_bytes),
      staging_(std::make_unique<std::array<std::byte, kStagingBytes>>()) {}

void TcpStream::begin_part() {
  const std::span<const std::byte> message = out_[out_done_];
  const std::span<const std::byte> part =
      message.subspan(out_offset_, std::min(part_bytes_, message.size() - out_offset_));
  out_header_ = {.magic = kMagic,
                 .flags = checksum_ ? kHasChecksum : 0,
                 .epoch = epoch_,
                 .number = out_number_,
                 .message_bytes = message.size(),
                 .offset = out_offset_,
                 .part_bytes = part.size(),
                 .checksum = checksum_ ? XXH3_64bits(part.data(), part.size()) : 0,
                 .check = 0};
  out_header_.check = check_of(out_header_);
  out_part_ = true;
  out_part_sent_ = 0;
}

bool TcpStream::send_some() {
  if (write_ended_ || !sends()) return false;
  if (!out_part_) begin_part();
  iovec pieces[2];
  std::size_t count = 0;
  if (out_part_sent_ < kHeaderBytes) {
    pieces[count++] = {reinterpret_cast<std::byte*>(&out_header_) + out_part_sent_, kHeaderBytes - out_part_sent_};
  }
  const std::size_t part_sent = out_part_sent_ - std::min(out_part_sent_, kHeaderBytes);
  const std::size_t part_left = out_header_.part_bytes - part_sent;
  const std::byte* from = out_fills_ ? zeros().data() : out_[out_done_].data() + out_offset_ + part_sent;
  pieces[count++] = {const_cast<std::byte*>(from), out_fills_ ? std::min(part_left, zeros().size()) : part_left};

  msghdr message{};
  message.msg_iov = pieces;
  message.msg_iovlen = count;
  const long result = sendmsg(socket_.get(), &message, MSG_DONTWAIT | MSG_NOSIGNAL);
  const Transferred moved = transferred(result, errno);
  write_ended_ = moved.ended;
  out_part_sent_ += moved.bytes;
  if (out_part_sent_ == kHeaderBytes + out_header_.part_bytes) {
    out_part_ = false;
    if (!std::exchange(out_fills_, false)) {
      out_offset_ += out_header_.part_bytes;
      if (out_offset_ == out_[out_done_].size()) {
        out_offset_ = 0;
        ++out_number_;
        ++out_done_;
      }
    }
  }
  return moved.bytes > 0 || moved.ended;
}

/// Takes what has been read ahead. Whether anything moved.
bool TcpStream::take_staged() {
  bool moved = false;
  while (receives()) {
    if (!has_header_ && !take_header()) break;
    if (!accepted_ && !thrown_away_ && !accept_part()) break;
    const std::size_t bytes = std::min(staged_end_ - staged_begin_, in_header_.part_bytes - in_part_got_);
    if (bytes == 0) break;
    staged_begin_ += bytes;
    moved = true;
    take_part(staging_->data() + staged_begin_ - bytes, bytes);  // may throw
  }
  return moved;
}

/// False: not all of it is there.
bool TcpStream::take_header() {
  while (staged_end_ - staged_begin_ >= kHeaderBytes) {
    Header header;
    std::memcpy(&header, staging_->data() + staged_begin_, kHeaderBytes);
    if (header.magic == kMagic && header.check == check_of(header) && header.part_bytes > 0) {
      staged_begin_ += kHeaderBytes;
      in_header_ = header;
      has_header_ = true;
      lost_ = false;
      in_part_got_ = 0;
      return true;
    }
    if (!std::exchange(lost_, true)) {
      throw_failed(Cause::corrupted, receiving(), "what came is not the beginning of a message: corrupted on the way");
    }
    ++staged_begin_;
  }
  return false;
}

/// False: not now.
bool TcpStream::accept_part() {
  ahead_ = in_header_.epoch > epoch_;
  if (ahead_) return false;
  if (in_header_.epoch < epoch_) {
    thrown_away_ = true;
    return true;
  }
  if (in_header_.number != in_number_ || in_header_.offset != in_offset_) {
    throw_failed(Cause::corrupted, receiving(),
                 fmt::format("byte {} of message {} came instead of byte {} of message {}", in_header_.offset,
                             in_header_.number, in_offset_, in_number_));
  }
  const std::size_t expected = in_[in_done_].size();
  if (in_header_.message_bytes != expected) throw_mismatch(receiving(), in_header_.message_bytes);
  if (in_header_.part_bytes > expected - in_offset_) {
    throw_mismatch(receiving(), in_offset_ + in_header_.part_bytes, /*more=*/true);
  }
  accepted_ = true;
  return true;
}

/// `from`: null where the bytes are in place already.
void TcpStream::take_part(const std::byte* from, std::size_t bytes) {
  if (accepted_ && from != nullptr) {
    std::memcpy(in_[in_done_].data() + in_offset_ + in_part_got_, from, bytes);
  }
  in_part_got_ += bytes;
  if (in_part_got_ == in_header_.part_bytes) end_part();
}

void TcpStream::end_part() {
  has_header_ = false;
  thrown_away_ = false;
  if (!std::exchange(accepted_, false)) return;
  if ((in_header_.flags & kHasChecksum) != 0) {
    const std::uint64_t checksum = XXH3_64bits(in_[in_done_].data() + in_offset_, in_header_.part_bytes);
    if (checksum != in_header_.checksum) {
      throw_failed(
          Cause::corrupted, receiving(),
          fmt::format("checksum {:016x} instead of {:016x}: corrupted on the way", checksum, in_header_.checksum));
    }
  }
  in_offset_ += in_header_.part_bytes;
  if (in_offset_ == in_[in_done_].size()) {
    in_offset_ = 0;
    ++in_number_;
    ++in_done_;
  }
}

bool TcpStream::receive_some() {
  if (!receives()) return false;
  if (take_staged()) return true;
  if (read_ended_ || ahead_) return false;

  // The rest of the part into its place, and behind it whatever there is: the next header, mostly.
  iovec pieces[2];
  std::size_t count = 0;
  std::size_t part_left = 0;
  if (has_header_) {
    part_left = in_header_.part_bytes - in_part_got_;
    std::byte* into = accepted_ ? in_[in_done_].data() + in_offset_ + in_part_got_ : waste().data();
    if (!accepted_) part_left = std::min(part_left, waste().size());
    pieces[count++] = {into, part_left};
  }
  if (staged_begin_ > 0) {
    std::memmove(staging_->data(), staging_->data() + staged_begin_, staged_end_ - staged_begin_);
    staged_end_ -= staged_begin_;
    staged_begin_ = 0;
  }
  // Bytes behind those that are thrown away only in part are not the next header.
  if (!has_header_ || part_left == in_header_.part_bytes - in_part_got_) {
    pieces[count++] = {staging_->data() + staged_end_, kStagingBytes - staged_end_};
  }
  msghdr message{};
  message.msg_iov = pieces;
  message.msg_iovlen = count;
  const long result = recvmsg(socket_.get(), &message, MSG_DONTWAIT);
  const Transferred moved = transferred(result, errno);
  read_ended_ = moved.ended;
  const std::size_t of_part = std::min(moved.bytes, part_left);
  staged_end_ += moved.bytes - of_part;
  if (of_part > 0) take_part(nullptr, of_part);
  take_staged();
  return moved.bytes > 0 || moved.ended;
}

void TcpStream::finish() {
  if (sends() || receives()) return drop();
  out_.clear();
  in_.clear();
  out_done_ = in_done_ = 0;
}

void TcpStream::drop() {
  if (out_part_ && out_part_sent_ > 0) {
    out_fills_ = true;
  } else {
    out_part_ = false;
  }
  if (has_header_ && accepted_) {
    accepted_ = false;
    thrown_away_ = true;
  }
  out_.clear();
  in_.clear();
  out_done_ = in_done_ = 0;
  out_offset_ = in_offset_ = 0;
}

void TcpStream::begin_epoch(std::uint64_t epoch) {
  epoch_ = epoch;
  out_number_ = in_number_ = 0;
  ahead_ = false;
}

void TcpStream::close() {
  if (socket_.is_open()) shutdown(socket_.get(), SHUT_RDWR);
  socket_.close();
  read_ended_ = write_ended_ = true;
}

}  // namespace optinc::collective
