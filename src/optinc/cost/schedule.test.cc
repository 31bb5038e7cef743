#include "optinc/cost/schedule.h"

#include <algorithm>
#include <map>
#include <sstream>
#include <tuple>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "optinc/base/error.h"
#include "optinc/collective/traffic.h"

namespace optinc::cost {
namespace {

ScheduleQuestion question_of(int servers, std::uint64_t elements) {
  return {.elements = elements, .servers = servers, .pieces = 4};
}

/// Runs it as if messages took no time; returns how many operations never start.
std::size_t stuck(const Schedule& schedule) {
  std::vector<std::vector<bool>> done;
  for (const auto& operations : schedule.ranks) done.emplace_back(operations.size());
  // (from, to, tag) -> messages that are there.
  std::map<std::tuple<int, int, int>, int> waiting;
  bool moved = true;
  while (moved) {
    moved = false;
    for (int rank = 0; rank < static_cast<int>(schedule.ranks.size()); ++rank) {
      for (std::size_t i = 0; i < schedule.ranks[rank].size(); ++i) {
        const Operation& operation = schedule.ranks[rank][i];
        const bool ready =
            !done[rank][i] && std::ranges::all_of(operation.after, [&](int at) { return done[rank][at]; });
        if (!ready) continue;
        if (operation.is_send) {
          ++waiting[{rank, operation.peer, operation.tag}];
        } else if (--waiting[{operation.peer, rank, operation.tag}] < 0) {
          ++waiting[{operation.peer, rank, operation.tag}];
          continue;
        }
        done[rank][i] = moved = true;
      }
    }
  }
  std::size_t left = 0;
  for (const auto& rank : done) left += std::ranges::count(rank, false);
  return left;
}

/// (from, to, tag) -> sizes in order: those sent, and those expected.
std::map<std::tuple<int, int, int>, std::vector<std::uint64_t>> messages(const Schedule& schedule, bool sent) {
  std::map<std::tuple<int, int, int>, std::vector<std::uint64_t>> found;
  for (int rank = 0; rank < static_cast<int>(schedule.ranks.size()); ++rank) {
    for (const Operation& operation : schedule.ranks[rank]) {
      if (operation.is_send != sent) continue;
      const int from = sent ? rank : operation.peer, to = sent ? operation.peer : rank;
      found[{from, to, operation.tag}].push_back(operation.bytes);
    }
  }
  return found;
}

RC_GTEST_PROP(Schedule, EveryMessageIsSentAndExpectedAlike, ()) {
  const int servers = *rc::gen::inRange(2, 20);
  const auto elements = *rc::gen::inRange<std::uint64_t>(0, 5000);
  for (const std::string& algorithm : scheduled_algorithms()) {
    const Schedule schedule = schedule_of(algorithm, question_of(servers, elements));
    RC_ASSERT(messages(schedule, true) == messages(schedule, false));
    RC_ASSERT(stuck(schedule) == 0);
  }
}

RC_GTEST_PROP(Schedule, PiecesInFlightAreToldApart, ()) {
  ScheduleQuestion question = question_of(*rc::gen::inRange(2, 20), *rc::gen::inRange<std::uint64_t>(1, 5000));
  question.pieces = 7;
  question.in_flight = *rc::gen::element(2, 3, 8);
  for (const char* algorithm : {"double-tree", "optinc"}) {
    const Schedule schedule = schedule_of(algorithm, question);
    RC_ASSERT(messages(schedule, true) == messages(schedule, false));
    for (const auto& [key, sizes] : messages(schedule, true)) RC_ASSERT(sizes.size() == 1);
    RC_ASSERT(stuck(schedule) == 0);
  }
}

RC_GTEST_PROP(Schedule, PortsSendWhatTheAlgorithmsCount, ()) {
  const int servers = *rc::gen::inRange(2, 20);
  const auto elements = *rc::gen::inRange<std::uint64_t>(0, 5000);
  for (const collective::Traffic& traffic : collective::traffic_of({.elements = elements, .servers = servers})) {
    if (traffic.algorithm != "ring" && traffic.algorithm != "rabenseifner") continue;
    const Schedule schedule = schedule_of(traffic.algorithm, question_of(servers, elements));
    std::uint64_t most = 0;
    for (int rank = 0; rank < servers; ++rank) most = std::max(most, schedule.sent_bytes(rank));
    RC_ASSERT(most == traffic.sent_bytes);
  }
}

// Who is within one tree is a leaf of the other: S/2 up in both, S/2 to each of two children.
TEST(Schedule, DoubleTreesShareTheWork) {
  const std::uint64_t elements = 1024, bytes = 4 * elements;
  for (int servers = 4; servers < 70; ++servers) {
    const Schedule schedule = schedule_of("double-tree", question_of(servers, elements));
    std::uint64_t most = 0;
    for (int rank = 0; rank < servers; ++rank) most = std::max(most, schedule.sent_bytes(rank));
    EXPECT_EQ(most, 2 * bytes) << servers;
  }
}

TEST(Schedule, WritesGoal) {
  std::ostringstream out;
  write_goal(schedule_of("ring", question_of(2, 4)), out);
  EXPECT_EQ(out.str(), R"(num_ranks 2

rank 0 {
l1: send 8b to 1 tag 0
l2: recv 8b from 1 tag 0
l3: send 8b to 1 tag 0
l3 requires l1
l3 requires l2
l4: recv 8b from 1 tag 0
l4 requires l1
l4 requires l2
}

rank 1 {
l1: send 8b to 0 tag 0
l2: recv 8b from 0 tag 0
l3: send 8b to 0 tag 0
l3 requires l1
l3 requires l2
l4: recv 8b from 0 tag 0
l4 requires l1
l4 requires l2
}
)");
}

TEST(Schedule, RefusesWhatCannotBe) {
  EXPECT_THROW(schedule_of("star", question_of(4, 1)), base::InputError);
  EXPECT_THROW(schedule_of("ring", question_of(1, 1)), base::InputError);
  EXPECT_THROW(schedule_of("switch", {.elements = 1, .pieces = 0}), base::InputError);
}

}  // namespace
}  // namespace optinc::cost
