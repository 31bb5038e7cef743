#include "optinc/cost/schedule.h"

#include <algorithm>
#include <array>
#include <bit>
#include <ostream>

#include <fmt/ostream.h>
#include <fmt/ranges.h>

#include "optinc/base/error.h"
#include "optinc/codec/block_quantiser.h"
#include "optinc/codec/pam4.h"
#include "optinc/collective/parts.h"

namespace optinc::cost {
namespace {

using collective::Parts;

constexpr int kMostServers = 1024;
constexpr int kMostPieces = 4096;

/// Operations of one rank, added in order.
class Rank {
 public:
  explicit Rank(std::vector<Operation>& operations) : operations_(operations) {}

  int send(int peer, std::uint64_t bytes, int tag, std::vector<int> after) {
    return add({true, peer, bytes, tag, std::move(after)});
  }
  int receive(int peer, std::uint64_t bytes, int tag, std::vector<int> after) {
    return add({false, peer, bytes, tag, std::move(after)});
  }
  /// Both at once, when all of the exchange before are done; their places are kept for the next.
  void exchange(int to, std::uint64_t sent, int from, std::uint64_t received, int tag) {
    const std::vector<int> before = last_;
    last_ = {send(to, sent, tag, before), receive(from, received, tag, before)};
  }
  void send_alone(int to, std::uint64_t bytes, int tag) { last_ = {send(to, bytes, tag, last_)}; }
  void receive_alone(int from, std::uint64_t bytes, int tag) { last_ = {receive(from, bytes, tag, last_)}; }

 private:
  int add(Operation operation) {
    std::erase(operation.after, -1);
    operations_.push_back(std::move(operation));
    return static_cast<int>(operations_.size()) - 1;
  }

  std::vector<Operation>& operations_;
  std::vector<int> last_;
};

std::uint64_t tensor_bytes(const ScheduleQuestion& question) {
  return question.elements * static_cast<std::uint64_t>(question.element_bytes);
}

Schedule ring(const ScheduleQuestion& question) {
  const int n = question.servers;
  Schedule schedule{std::vector<std::vector<Operation>>(n)};
  const Parts parts(tensor_bytes(question), n, question.element_bytes);
  for (int rank = 0; rank < n; ++rank) {
    Rank own(schedule.ranks[rank]);
    // Reducing, the first part sent is the one before the own; gathering, it is the own.
    for (int round = 0; round < 2 * (n - 1); ++round) {
      const int sent = ((rank - round - 1) % n + n) % n, received = ((rank - round - 2) % n + n) % n;
      own.exchange((rank + 1) % n, parts.size(sent), (rank + n - 1) % n, parts.size(received), 0);
    }
  }
  return schedule;
}

Schedule rabenseifner(const ScheduleQuestion& question) {
  const int n = question.servers, power = static_cast<int>(std::bit_floor(static_cast<unsigned>(n)));
  const int too_many = n - power;
  Schedule schedule{std::vector<std::vector<Operation>>(n)};
  const std::uint64_t bytes = tensor_bytes(question);
  const Parts parts(bytes, power, question.element_bytes);
  const auto range = [&](int begin, int count) { return parts.end(begin + count - 1) - parts.begin(begin); };
  const auto rank_at = [&](int place) { return place < too_many ? 2 * place : place + too_many; };
  for (int rank = 0; rank < n; ++rank) {
    Rank own(schedule.ranks[rank]);
    const bool paired = rank < 2 * too_many;
    if (paired && rank % 2 == 1) {
      own.send_alone(rank - 1, bytes, 0);
      own.receive_alone(rank - 1, bytes, 0);
      continue;
    }
    if (paired) own.receive_alone(rank + 1, bytes, 0);
    const int place = paired ? rank / 2 : rank - too_many;
    int first = 0;
    for (int distance = power / 2; distance >= 1; distance /= 2) {
      const bool upper = (place & distance) != 0;
      const int kept = upper ? first + distance : first, given = upper ? first : first + distance;
      const int partner = rank_at(place ^ distance);
      own.exchange(partner, range(given, distance), partner, range(kept, distance), 0);
      first = kept;
    }
    for (int distance = 1; distance < power; distance *= 2) {
      const int begin = place / distance * distance, partner = rank_at(place ^ distance);
      own.exchange(partner, range(begin, distance), partner, range(begin ^ distance, distance), 0);
    }
    if (paired) own.send_alone(rank + 1, bytes, 0);
  }
  return schedule;
}

struct TreeNode {
  int parent = -1;
  std::vector<int> children;
};

/// A binary tree over 0 .. n - 1 in order: odd numbers are within, even ones are leaves (but where n cuts it off).
std::vector<TreeNode> in_order_tree(int n) {
  std::vector<TreeNode> nodes(n);
  // Of numbers from 1 on, height is the place of the lowest bit; a parent is a bit higher on the side that exists.
  for (int number = 1; number <= n; ++number) {
    int bit = number & -number, parent = number;
    do {
      parent = (parent - bit) | (2 * bit);
      bit *= 2;
    } while (parent > n && bit <= n);
    if (parent > n || parent == number) continue;
    nodes[number - 1].parent = parent - 1;
    nodes[parent - 1].children.push_back(number - 1);
  }
  return nodes;
}

/// Two trees; who is within one is a leaf of the other, as far as n allows: the second is the first, shifted by one
/// where n is odd, else seen in a mirror.
std::array<std::vector<TreeNode>, 2> two_trees(int n) {
  const std::vector<TreeNode> first = in_order_tree(n);
  std::vector<TreeNode> second(n);
  const auto moved = [&](int node) { return node < 0 ? -1 : n % 2 == 1 ? (node + 1) % n : n - 1 - node; };
  for (int node = 0; node < n; ++node) {
    TreeNode& to = second[moved(node)];
    to.parent = moved(first[node].parent);
    for (const int child : first[node].children) to.children.push_back(moved(child));
  }
  return {first, second};
}

/// Pieces may overtake each other: each has tags of its own.
constexpr int kTags = 32;
int tag_of(int piece, int kind) {
  return piece * kTags + kind;
}

/// Pieces of one kind to one peer, of which `in_flight` may be on their way at once.
class Stream {
 public:
  Stream(Rank& rank, int peer, int kind, int in_flight) : rank_(rank), peer_(peer), kind_(kind), sent_(in_flight, -1) {}

  int send(std::uint64_t bytes, std::vector<int> after) {
    int& before = sent_[count_ % sent_.size()];
    after.push_back(before);
    return before = rank_.send(peer_, bytes, tag_of(count_++, kind_), std::move(after));
  }

 private:
  Rank& rank_;
  int peer_, kind_;
  std::vector<int> sent_;  // the last ones
  int count_ = 0;
};

Schedule double_tree(const ScheduleQuestion& question) {
  const int n = question.servers;
  Schedule schedule{std::vector<std::vector<Operation>>(n)};
  const auto trees = two_trees(n);
  const Parts halves(tensor_bytes(question), 2, question.element_bytes);
  for (int rank = 0; rank < n; ++rank) {
    Rank own(schedule.ranks[rank]);
    for (int half = 0; half < 2; ++half) {
      const TreeNode& node = trees[half][rank];
      const Parts pieces(halves.size(half), question.pieces, question.element_bytes);
      const int up = 2 * half, down = up + 1;
      std::vector<Stream> to_children;
      for (const int child : node.children) to_children.emplace_back(own, child, down, question.in_flight);
      Stream to_parent(own, node.parent, up, question.in_flight);
      for (int piece = 0; piece < question.pieces; ++piece) {
        const std::uint64_t bytes = pieces.size(piece);
        std::vector<int> ready;
        for (const int child : node.children) ready.push_back(own.receive(child, bytes, tag_of(piece, up), {}));
        if (node.parent >= 0) {
          to_parent.send(bytes, ready);
          ready = {own.receive(node.parent, bytes, tag_of(piece, down), {})};
        }
        for (Stream& child : to_children) child.send(bytes, ready);
      }
    }
  }
  return schedule;
}

/// Through the network once: as much goes into it at every server as comes out, and what comes out has waited for
/// nothing but the way. So a message to the next server stands for both.
Schedule in_network_switch(const ScheduleQuestion& question) {
  const int n = question.servers;
  const std::uint64_t bytes = tensor_bytes(question);
  Schedule schedule{std::vector<std::vector<Operation>>(n)};
  for (int rank = 0; rank < n; ++rank) {
    Rank(schedule.ranks[rank]).exchange((rank + 1) % n, bytes, (rank + n - 1) % n, bytes, 0);
  }
  return schedule;
}

/// The same with codes, piece by piece, each when its scales are agreed on: by doubling, round d's largest going to the
/// server 2^d further on.
Schedule optinc(const ScheduleQuestion& question) {
  const int n = question.servers;
  Schedule schedule{std::vector<std::vector<Operation>>(n)};
  const Parts pieces(codec::packed_bytes(question.elements, question.bits), question.pieces, 1);
  const Parts scales(codec::block_count(question.elements, question.block) * question.scale_bytes, question.pieces, 1);
  for (int rank = 0; rank < n; ++rank) {
    Rank own(schedule.ranks[rank]);
    Stream codes(own, (rank + 1) % n, 0, question.in_flight);
    std::vector<Stream> largest;  // of round d
    for (int distance = 1; distance < n; distance *= 2) {
      largest.emplace_back(own, (rank + distance) % n, static_cast<int>(largest.size()) + 1, question.in_flight);
    }
    for (int piece = 0; piece < question.pieces; ++piece) {
      std::vector<int> agreed;
      for (int round = 0; round < static_cast<int>(largest.size()); ++round) {
        const int sent = largest[round].send(scales.size(piece), agreed);
        const int from = (rank + n - (1 << round)) % n;
        agreed = {sent, own.receive(from, scales.size(piece), tag_of(piece, round + 1), {})};
      }
      codes.send(pieces.size(piece), agreed);
      own.receive((rank + n - 1) % n, pieces.size(piece), tag_of(piece, 0), {});
    }
  }
  return schedule;
}

constexpr std::array kAlgorithms = {std::pair("ring", &ring), std::pair("rabenseifner", &rabenseifner),
                                    std::pair("double-tree", &double_tree), std::pair("switch", &in_network_switch),
                                    std::pair("optinc", &optinc)};

}  // namespace

std::uint64_t Schedule::sent_bytes(int rank) const {
  std::uint64_t sum = 0;
  for (const Operation& operation : ranks[rank]) sum += operation.is_send ? operation.bytes : 0;
  return sum;
}

std::vector<std::string> scheduled_algorithms() {
  std::vector<std::string> names;
  for (const auto& [name, make] : kAlgorithms) names.emplace_back(name);
  return names;
}

Schedule schedule_of(std::string_view algorithm, const ScheduleQuestion& question) {
  base::require(question.servers >= 2 && question.servers <= kMostServers, "servers {}: expected 2 .. {}",
                question.servers, kMostServers);
  base::require(question.pieces >= 1 && question.pieces <= kMostPieces, "pieces {}: expected 1 .. {}", question.pieces,
                kMostPieces);
  base::require(question.in_flight >= 1, "pieces in flight {}: expected 1 or more", question.in_flight);
  base::require(question.element_bytes >= 1, "bytes of an element {}: expected 1 or more", question.element_bytes);
  base::require(question.bits >= 2 && question.bits <= 32, "bits {}: expected 2 .. 32", question.bits);
  base::require(question.block >= 1, "block {}: expected 1 or more", question.block);
  for (const auto& [name, make] : kAlgorithms) {
    if (algorithm == name) return make(question);
  }
  base::refuse("algorithm {}: expected one of {}", algorithm, fmt::join(scheduled_algorithms(), ", "));
}

void write_goal(const Schedule& schedule, std::ostream& out) {
  fmt::print(out, "num_ranks {}\n", schedule.ranks.size());
  for (std::size_t rank = 0; rank < schedule.ranks.size(); ++rank) {
    fmt::print(out, "\nrank {} {{\n", rank);
    for (std::size_t i = 0; i < schedule.ranks[rank].size(); ++i) {
      const Operation& operation = schedule.ranks[rank][i];
      fmt::print(out, "l{}: {} {}b {} {} tag {}\n", i + 1, operation.is_send ? "send" : "recv", operation.bytes,
                 operation.is_send ? "to" : "from", operation.peer, operation.tag);
      for (const int before : operation.after) fmt::print(out, "l{} requires l{}\n", i + 1, before + 1);
    }
    fmt::print(out, "}}\n");
  }
}

}  // namespace optinc::cost
