// An all-reduce message by message: what the closed forms of reduction.h sum up, for simulators to run.
//
// A schedule is made of operations of each rank, which start when those they come after are done: a send when its bytes
// have left, a receive when they are there. Messages between two ranks with the same tag arrive in order.
#pragma once

#include <cstdint>
#include <filesystem>
#include <iosfwd>
#include <string>
#include <string_view>
#include <vector>

namespace optinc::cost {

struct Operation {
  bool is_send = false;
  int peer = 0;
  std::uint64_t bytes = 0;
  int tag = 0;
  std::vector<int> after;  ///< places in the same rank's list
};

struct Schedule {
  std::vector<std::vector<Operation>> ranks;

  std::uint64_t sent_bytes(int rank) const;
};

struct ScheduleQuestion {
  std::uint64_t elements = 0;
  int element_bytes = 4;
  int servers = 4;
  int pieces = 16;    ///< of double-tree and optinc: the tensor's, one behind the other
  int in_flight = 1;  ///< of them, on their way to one server at once
  int bits = 8;       ///< of optinc
  std::size_t block = 256;
  int scale_bytes = 2;
};

/// "ring", "rabenseifner", "double-tree", "switch", "optinc", as in reduction.h. The last two pass through the network
/// once, which takes what a message to a neighbour takes; optinc's scales go by doubling before. Throws
/// base::InputError for another name, servers out of 2 .. 1024, pieces out of 1 .. 4096,
/// and other numbers below 1.
Schedule schedule_of(std::string_view algorithm, const ScheduleQuestion& question);
std::vector<std::string> scheduled_algorithms();

/// In GOAL, which LogGOPSim's txt2bin reads (T. Hoefler, T. Schneider, A. Lumsdaine, HPDC 2010).
void write_goal(const Schedule& schedule, std::ostream& out);

}  // namespace optinc::cost
