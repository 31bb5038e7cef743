#include "optinc/cli/command_schedule.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "optinc/base/atomic_file.h"
#include "optinc/cli/testing.h"

namespace optinc::cli {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

// 6 rounds of 1 us and 25 MB at 1 GB/s.
TEST(Schedule, WritesGoalAndSaysWhatItShouldTake) {
  const TemporaryFolder folder;
  const Outcome outcome = run_program({"schedule", "ring", "--bytes", "100000000", "--gigabytes-per-s", "1", "--output",
                                       folder / "ring.goal", "--json"});
  ASSERT_EQ(outcome.exit_code, kOk) << outcome.err;
  const base::Json answer = outcome.json();
  EXPECT_EQ(answer["operations"], 4 * 6 * 2);
  EXPECT_EQ(answer["sent_bytes"], 150'000'000);
  EXPECT_NEAR(answer["modelled_seconds"].get<double>(), 0.15 + 6e-6, 1e-9);
  EXPECT_THAT(base::read_file(folder / "ring.goal"),
              StartsWith("num_ranks 4\n\nrank 0 {\nl1: send 25000000b to 1 tag"));
}

TEST(Schedule, KnowsEveryAlgorithm) {
  for (const char* algorithm : {"ring", "rabenseifner", "double-tree", "switch", "optinc"}) {
    const Outcome outcome = run_program({"schedule", algorithm, "--servers", "8"});
    ASSERT_EQ(outcome.exit_code, kOk) << outcome.err;
    EXPECT_THAT(outcome.out, HasSubstr("over 8 servers"));
  }
}

TEST(Schedule, RefusesWhatCanNotBe) {
  expect_bad_input(run_program({"schedule", "star"}), "algorithm star: expected one of ring");
  expect_bad_input(run_program({"schedule", "ring", "--servers", "1"}), "servers 1: expected 2 .. 1024");
  expect_bad_input(run_program({"schedule", "ring", "--latency-us", "-1"}), "--latency-us -1: expected 0 or more");
}

}  // namespace
}  // namespace optinc::cli
