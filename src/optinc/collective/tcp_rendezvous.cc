#include "optinc/collective/tcp_rendezvous.h"

#include <poll.h>
#include <xxhash.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <random>
#include <utility>

#include "optinc/base/error.h"
#include "optinc/collective/tcp_socket.h"
#include "optinc/collective/transport_error.h"

namespace optinc::collective {
namespace {

using Clock = std::chrono::steady_clock;
using Nonce = std::array<std::uint64_t, 2>;

constexpr std::uint32_t kHelloMagic = 0x6f48744f;    // "OtHo"
constexpr std::uint32_t kWelcomeMagic = 0x6557744f;  // "OtWe"
constexpr std::uint16_t kVersion = 1;
constexpr Clock::duration kFirstPause = std::chrono::milliseconds(5), kLongestPause = std::chrono::milliseconds(500);
constexpr std::size_t kMostStrangers = 64;  // that are waited for at once

enum class Channel : std::uint16_t { data, control };
constexpr Channel kChannels[] = {Channel::data, Channel::control};

/// The first bytes of a connection; the answer is the same with another magic and the other's rank.
struct Hello {
  std::uint32_t magic;
  std::uint16_t version;
  Channel channel;
  std::int32_t rank;
  std::int32_t size;
  std::uint64_t group;  // of the prefix
  Nonce nonce;          // of the rank that listens
};
static_assert(sizeof(Hello) == 40);

FileDescriptor& channel_of(TcpConnections& connections, Channel channel) {
  return channel == Channel::data ? connections.data : connections.control;
}

std::string to_text(const Nonce& nonce) {
  return fmt::format("{:016x}{:016x}", nonce[0], nonce[1]);
}

Nonce draw_nonce() {
  std::random_device device;
  Nonce nonce;
  for (std::uint64_t& word : nonce) word = (std::uint64_t{device()} << 32) | device();
  return nonce;
}

/// A Hello on its way in.
struct Reading {
  Hello hello{};
  std::size_t got = 0;

  bool whole() const { return got == sizeof hello; }
  /// False: the connection has ended.
  bool go_on(const FileDescriptor& socket) {
    while (!whole()) {
      const Transferred read = read_some(socket, reinterpret_cast<char*>(&hello) + got, sizeof hello - got);
      if (read.ended) return false;
      if (read.bytes == 0) break;
      got += read.bytes;
    }
    return true;
  }
};

/// One that has connected to us and has not said yet who it is.
struct Arriving {
  FileDescriptor socket;
  Reading reading;
};

/// A connection of ours to a lower rank.
struct Leaving {
  enum class Stage { pausing, connecting, greeting };
  int peer;
  Channel channel;
  Stage stage = Stage::pausing;
  FileDescriptor socket;
  std::string value;  // of the peer's key
  Nonce nonce{};
  Reading welcome;
  Clock::time_point wake = Clock::now();  // to connect (again), or to see whether the peer's key has changed
  Clock::duration pause = kFirstPause;
};

class Rendezvous {
 public:
  Rendezvous(Store& store, int rank, int size, const TcpTransportOptions& options)
      : store_(store),
        rank_(rank),
        size_(size),
        options_(options),
        deadline_(Clock::now() +
                  std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(options.deadline_s))),
        group_(XXH3_64bits(options.prefix.data(), options.prefix.size())),
        nonce_(draw_nonce()),
        connections_(size) {}

  std::vector<TcpConnections> run() {
    TcpAddress own{options_.address};
    listener_ = listen_on(own.host, own.port);
    store_.set(key_of(rank_), to_string(own) + " " + to_text(nonce_));
    for (int peer = 0; peer < rank_; ++peer) {
      for (const Channel channel : kChannels) leaving_.push_back({peer, channel});
    }
    while (true) {
      for (Leaving& leaving : leaving_) move_on(leaving);
      std::erase_if(leaving_, [](const Leaving& leaving) { return leaving.peer < 0; });
      welcome_arrivals();
      if (missing().empty()) return std::move(connections_);
      if (Clock::now() >= deadline_) throw_missing();
      wait();
    }
  }

 private:
  std::string key_of(int rank) const { return fmt::format("{}/{}", options_.prefix, rank); }
  double seconds_left() const { return std::max(0.0, std::chrono::duration<double>(deadline_ - Clock::now()).count()); }

  std::vector<int> missing() {
    std::vector<int> ranks;
    for (int rank = 0; rank < size_; ++rank) {
      if (rank == rank_) continue;
      if (!connections_[rank].data.is_open() || !connections_[rank].control.is_open()) ranks.push_back(rank);
    }
    return ranks;
  }

  [[noreturn]] void throw_missing() {
    const std::vector<int> ranks = missing();
    throw TransportError(
        TransportError::Cause::deadline, ranks[0],
        fmt::format("rank {} of {}: no connection with rank{} {} within {} s (keys \"{}/RANK\")", rank_, size_,
                    ranks.size() == 1 ? "" : "s", fmt::join(ranks, ", "), options_.deadline_s, options_.prefix));
  }

  void pause(Leaving& leaving) {
    leaving.socket.close();
    leaving.welcome = {};
    leaving.stage = Leaving::Stage::pausing;
    leaving.wake = Clock::now() + leaving.pause;
    leaving.pause = std::min(2 * leaving.pause, kLongestPause);
  }

  std::string value_of(int peer) {
    try {
      return store_.get(key_of(peer), seconds_left());
    } catch (const base::RunError&) {
      if (Clock::now() >= deadline_) throw_missing();
      throw;
    }
  }

  void connect(Leaving& leaving) {
    leaving.value = value_of(leaving.peer);
    const std::size_t space = leaving.value.find(' ');
    const std::string nonce = space == std::string::npos ? "" : leaving.value.substr(space + 1);
    if (nonce.size() != 32) {
      throw base::RunError(fmt::format("rank {} of {}: key \"{}\" holds \"{}\": expected address:port and a nonce",
                                       rank_, size_, key_of(leaving.peer), leaving.value));
    }
    for (std::size_t i = 0; i < 2; ++i) leaving.nonce[i] = std::strtoull(nonce.substr(16 * i, 16).c_str(), nullptr, 16);
    leaving.socket = start_to_connect(parse_tcp_address(leaving.value.substr(0, space)));
    if (!leaving.socket.is_open()) return pause(leaving);
    leaving.stage = Leaving::Stage::connecting;
    leaving.wake = Clock::now() + kLongestPause;
  }

  void move_on(Leaving& leaving) {
    const bool awake = Clock::now() >= leaving.wake;
    if (leaving.stage == Leaving::Stage::pausing) {
      if (awake) connect(leaving);
      return;
    }
    if (awake) {
      if (value_of(leaving.peer) != leaving.value) return pause(leaving);
      leaving.wake = Clock::now() + kLongestPause;
    }
    if (leaving.stage == Leaving::Stage::connecting) {
      pollfd ready{leaving.socket.get(), POLLOUT, 0};
      if (poll(&ready, 1, 0) <= 0) return;
      const Hello hello{kHelloMagic, kVersion, leaving.channel, rank_, size_, group_, leaving.nonce};
      // A fresh connection takes these few bytes as a whole.
      if (connect_error(leaving.socket) != 0 ||
          write_some(leaving.socket, &hello, sizeof hello).bytes != sizeof hello) {
        return pause(leaving);
      }
      leaving.stage = Leaving::Stage::greeting;
    }
    if (!leaving.welcome.go_on(leaving.socket)) return pause(leaving);
    if (!leaving.welcome.whole()) return;
    const Hello& welcome = leaving.welcome.hello;
    if (welcome.magic != kWelcomeMagic || welcome.rank != leaving.peer || welcome.nonce != leaving.nonce) {
      return pause(leaving);
    }
    channel_of(connections_[leaving.peer], leaving.channel) = std::move(leaving.socket);
    leaving.peer = -1;
  }

  void welcome_arrivals() {
    while (true) {
      FileDescriptor socket = accept_from(listener_);
      if (!socket.is_open()) break;
      if (arriving_.size() == kMostStrangers + 2 * connections_.size()) arriving_.erase(arriving_.begin());
      arriving_.push_back({std::move(socket), {}});
    }
    std::erase_if(arriving_, [&](Arriving& arriving) {
      if (!arriving.reading.go_on(arriving.socket)) return true;
      if (!arriving.reading.whole()) return false;
      welcome(arriving);
      return true;
    });
  }

  /// Lets it in, if it is one of us; else its connection ends.
  void welcome(Arriving& arriving) {
    Hello hello = arriving.reading.hello;
    if (hello.magic != kHelloMagic || hello.version != kVersion || hello.group != group_ || hello.nonce != nonce_)
      return;
    if (hello.size != size_) {
      throw base::RunError(
          fmt::format("rank {} of {}: rank {} says that there are {} ranks", rank_, size_, hello.rank, hello.size));
    }
    if (hello.rank <= rank_ || hello.rank >= size_ || static_cast<std::uint16_t>(hello.channel) > 1) return;
    FileDescriptor& place = channel_of(connections_[hello.rank], hello.channel);
    if (place.is_open()) return;
    const int peer = std::exchange(hello.rank, rank_);
    hello.magic = kWelcomeMagic;
    if (write_some(arriving.socket, &hello, sizeof hello).bytes != sizeof hello) return;
    channel_of(connections_[peer], hello.channel) = std::move(arriving.socket);
  }

  void wait() {
    std::vector<pollfd> watched{{listener_.get(), POLLIN, 0}};
    Clock::time_point wake = deadline_;
    for (const Arriving& arriving : arriving_) watched.push_back({arriving.socket.get(), POLLIN, 0});
    for (const Leaving& leaving : leaving_) {
      wake = std::min(wake, leaving.wake);
      if (leaving.stage == Leaving::Stage::pausing) continue;
      const bool greeting = leaving.stage == Leaving::Stage::greeting;
      watched.push_back({leaving.socket.get(), static_cast<short>(greeting ? POLLIN : POLLOUT), 0});
    }
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(wake - Clock::now());
    poll(watched.data(), watched.size(), static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, 1000)));
  }

  Store& store_;
  int rank_;
  int size_;
  const TcpTransportOptions& options_;
  Clock::time_point deadline_;
  std::uint64_t group_;
  Nonce nonce_;
  FileDescriptor listener_;
  std::vector<TcpConnections> connections_;
  std::vector<Arriving> arriving_;
  std::vector<Leaving> leaving_;
};

}  // namespace

std::vector<TcpConnections> connect_ranks(Store& store, int rank, int size, const TcpTransportOptions& options) {
  base::require(size >= 1, "{} ranks: expected at least 1", size);
  base::require(rank >= 0 && rank < size, "rank {} of {}: expected 0 .. {}", rank, size, size - 1);
  check_deadline(options.deadline_s);
  base::require(options.part_bytes >= 1 && options.part_bytes <= std::size_t{1} << 30,
                "parts of {} bytes: expected 1 .. 2^30", options.part_bytes);
  if (size == 1) return std::vector<TcpConnections>(1);
  return Rendezvous(store, rank, size, options).run();
}

}  // namespace optinc::collective
