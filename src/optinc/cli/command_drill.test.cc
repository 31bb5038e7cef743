#include "optinc/cli/command_drill.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "optinc/cli/testing.h"

namespace optinc::cli {
namespace {

using testing::HasSubstr;

Outcome drill(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), {"drill", "-b", "4M", "-n", "2"});
  return run_program(arguments);
}

TEST(Drill, WithoutFaultsAllIsWell) {
  const Outcome outcome = drill({});
  EXPECT_EQ(outcome.exit_code, kOk) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("average over 4 servers, 0 wrong of 262144 checked"));
}

TEST(Drill, ADeadRankEndsTheOthersOrTheyGoOn) {
  const Outcome aborted = drill({"--fault", "dead:2@4"});
  EXPECT_EQ(aborted.exit_code, kFailed);
  EXPECT_THAT(aborted.out, HasSubstr("rank 2: dies now"));
  EXPECT_THAT(aborted.out, HasSubstr("rank 2 is gone [optinc all-reduce number 1: "));
  EXPECT_THAT(aborted.err, HasSubstr("rank 2 is gone"));

  const Outcome survived = drill({"--fault", "dead:2@4", "--on-fault", "survivors"});
  EXPECT_EQ(survived.exit_code, kOk) << survived.err;
  EXPECT_THAT(survived.out, HasSubstr("; 3 of 4 ranks go on"));
  EXPECT_THAT(survived.out, HasSubstr("call 2: "));
  EXPECT_THAT(survived.out, HasSubstr("average over 3 servers, 0 wrong of"));
}

TEST(Drill, ACorruptedMessageIsToldOrGoneRound) {
  EXPECT_THAT(drill({"--fault", "corrupt:3@2"}).err, HasSubstr(": corrupted on the way"));
  const Outcome by_ring = drill({"--fault", "corrupt:3@2", "--on-fault", "ring"});
  EXPECT_EQ(by_ring.exit_code, kOk) << by_ring.out << by_ring.err;
  EXPECT_THAT(by_ring.out, HasSubstr("average over 4 servers, by the ring, 0 wrong of"));
  // Without a checksum it would be a silently wrong sum: the drill sees it. (Of exchange 5 the first message is codes.)
  EXPECT_EQ(drill({"--fault", "corrupt:3@5", "--no-checksum"}).exit_code, kFailed);
}

TEST(Drill, ASlowRankMeetsTheDeadline) {
  const Outcome outcome = drill({"--fault", "slow:1:3@2", "--deadline", "0.5"});
  EXPECT_EQ(outcome.exit_code, kFailed);
  EXPECT_THAT(outcome.err, HasSubstr("from rank 1: nothing came within 0.5 s"));
}

TEST(Drill, ALostPortIsToldOrLeftOutOrGoneRound) {
  EXPECT_THAT(drill({"--lost-port", "2"}).err, HasSubstr("no light from port 2"));
  EXPECT_THAT(drill({"--lost-port", "2", "--on-fault", "ring"}).out, HasSubstr("over 4 servers, by the ring, 0 wrong"));
  EXPECT_THAT(drill({"--lost-port", "2", "--on-fault", "survivors"}).out, HasSubstr("over 3 servers, 0 wrong"));
}

TEST(Drill, SymbolErrorsAreSeenByTheCheck) {
  const Outcome outcome = drill({"--symbol-error-rate", "1e-3"});
  EXPECT_EQ(outcome.exit_code, kFailed);
}

TEST(Drill, RefusesWhatCanNotBe) {
  expect_bad_input(drill({"--fault", "sleepy:1"}), "fault \"sleepy:1\": expected dead:RANK");
  expect_bad_input(drill({"--fault", "dead:4"}), "fault dead:4@1: expected a rank 0 .. 3");
  expect_bad_input(drill({"--on-fault", "pray"}), "expected abort, ring or survivors");
  expect_bad_input(drill({"--lost-port", "9"}), "lost port 9: expected a rank 0 .. 3");
  expect_bad_input(drill({"--algorithm", "tree"}), "--algorithm tree: expected optinc or ring");
}

}  // namespace
}  // namespace optinc::cli
