#include "optinc/collective/tcp_control.h"

#include <sys/socket.h>
#include <xxhash.h>

#include <cstring>
#include <string_view>

#include "optinc/collective/tcp_socket.h"

namespace optinc::collective {
namespace {

constexpr std::uint32_t kMagic = 0x6343744f;  // "OtCc"
constexpr std::size_t kMostTextBytes = 4096;
constexpr std::size_t kMostBodyBytes = std::size_t{1} << 20;

struct Header {
  std::uint32_t magic;
  TcpNotice::Type type;
  std::uint64_t epoch;
  std::uint64_t state;
  std::uint64_t body_bytes;  // text, or pairs of rank and state, 8 bytes each
  std::uint64_t check;       // of all before it, seeded with that of the body
};
static_assert(sizeof(Header) == 40);

std::uint64_t check_of(const Header& header, std::string_view body) {
  return XXH3_64bits_withSeed(&header, offsetof(Header, check), XXH3_64bits(body.data(), body.size()));
}

std::string body_of(const TcpNotice& notice) {
  if (notice.type != TcpNotice::Type::view) return notice.text.substr(0, kMostTextBytes);
  std::string body;
  const Membership& membership = notice.membership;
  for (std::size_t i = 0; i < membership.members.size(); ++i) {
    const std::uint64_t words[] = {static_cast<std::uint64_t>(membership.members[i]), membership.states[i]};
    body.append(reinterpret_cast<const char*>(words), sizeof words);
  }
  return body;
}

TcpNotice notice_of(const Header& header, std::string_view body) {
  TcpNotice notice{header.type, header.epoch, header.state, {}, {}};
  if (header.type != TcpNotice::Type::view) {
    notice.text = body;
    return notice;
  }
  std::uint64_t words[2];
  for (; body.size() >= sizeof words; body.remove_prefix(sizeof words)) {
    std::memcpy(words, body.data(), sizeof words);
    notice.membership.members.push_back(static_cast<int>(words[0]));
    notice.membership.states.push_back(words[1]);
  }
  return notice;
}

}  // namespace

void TcpControl::send(const TcpNotice& notice) {
  const std::string body = body_of(notice);
  Header header{kMagic, notice.type, notice.epoch, notice.state, body.size(), 0};
  header.check = check_of(header, body);
  unsent_.append(reinterpret_cast<const char*>(&header), sizeof header);
  unsent_ += body;
  flush();
}

void TcpControl::flush() {
  while (!unsent_.empty()) {
    const Transferred written = write_some(socket_, unsent_.data(), unsent_.size());
    if (written.ended) return unsent_.clear();  // what the peer said before can still be read
    if (written.bytes == 0) return;
    unsent_.erase(0, written.bytes);
  }
}

void TcpControl::receive(const std::function<void(const TcpNotice&)>& take) {
  char bytes[4096];
  while (!ended_) {
    const Transferred read = read_some(socket_, bytes, sizeof bytes);
    ended_ = read.ended;
    if (read.bytes == 0) break;
    unread_.append(bytes, read.bytes);
    Header header;
    while (unread_.size() >= sizeof header) {
      std::memcpy(&header, unread_.data(), sizeof header);
      if (header.magic != kMagic || header.body_bytes > kMostBodyBytes) {
        ended_ = true;
        return;
      }
      if (unread_.size() < sizeof header + header.body_bytes) break;
      const std::string_view body = std::string_view(unread_).substr(sizeof header, header.body_bytes);
      if (header.check != check_of(header, body)) {
        ended_ = true;
        return;
      }
      take(notice_of(header, body));
      unread_.erase(0, sizeof header + header.body_bytes);
    }
  }
}

void TcpControl::end() {
  if (socket_.is_open()) shutdown(socket_.get(), SHUT_WR);
}

}  // namespace optinc::collective
