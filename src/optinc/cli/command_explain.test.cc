#include "optinc/cli/command_explain.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "optinc/cli/testing.h"

namespace optinc::cli {
namespace {

using testing::HasSubstr;

// 2^24 float32 over 800 GB/s: 16,908,288 bytes by light and two rounds of 1 us are 23.1 us; a ring's 100,663,296 and
// six rounds 131.8.
TEST(Explain, GivesBytesRoundsAndModelledTimes) {
  const Outcome outcome = run_program({"explain", "--json"});
  ASSERT_EQ(outcome.exit_code, kOk) << outcome.err;
  const base::Json answer = outcome.json();
  const base::Json ring = answer["algorithms"][0], optinc = answer["algorithms"][4];
  EXPECT_EQ(ring["rounds"], 6);
  EXPECT_EQ(ring["sent_bytes"], 100'663'296);
  EXPECT_NEAR(ring["modelled_seconds"].get<double>(), 131.83e-6, 1e-8);
  EXPECT_EQ(optinc["sent_bytes"], 16'908'288);
  EXPECT_NEAR(optinc["modelled_seconds"].get<double>(), 23.14e-6, 1e-8);
  EXPECT_NEAR(answer["nmse_predicted"].get<double>(), 3.4e-4, 1e-5);
  EXPECT_NEAR(answer["nmse_measured"].get<double>(), 3.4e-4, 2e-5);
}

TEST(Explain, SaysWhenItDoesNotHelp) {
  const Outcome small = run_program({"explain", "--bytes", "64"});
  EXPECT_THAT(small.out, HasSubstr("Not here: it is 1.00 times as fast as int32-switch."));
  const Outcome computing = run_program({"explain", "--compute-ms", "20"});
  EXPECT_THAT(computing.out, HasSubstr("With 20 ms of computing a step: 20.000 -> 20.000 ms a step (0.0 % less)"));
  const Outcome few = run_program({"explain", "--bits", "4"});
  EXPECT_THAT(few.out, HasSubstr("4 bits are few: 11."));
}

TEST(Explain, RefusesWhatCanNotBe) {
  expect_bad_input(run_program({"explain", "--servers", "0"}), "--servers 0: expected 1 .. 4096");
  expect_bad_input(run_program({"explain", "--servers", "5", "--ports", "4"}), "--ports 4: expected at least 5");
  expect_bad_input(run_program({"explain", "--bits", "1"}), "bits 1: expected 2 to 32");
  expect_bad_input(run_program({"explain", "--link-gbps", "0"}), "--link-gbps 0: expected more than 0");
  expect_bad_input(run_program({"explain", "--bytes", "many"}), "size \"many\"");
}

}  // namespace
}  // namespace optinc::cli
