#include "optinc/cli/cli.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "optinc/base/atomic_file.h"
#include "optinc/base/version.h"
#include "optinc/cli/command.h"
#include "optinc/cli/testing.h"

namespace optinc::cli {
namespace {

using testing::HasSubstr;

TEST(Cli, SaysItsVersion) {
  const Outcome outcome = run_program({"--version"});
  EXPECT_EQ(outcome.exit_code, kOk);
  EXPECT_EQ(outcome.out, std::string(base::kVersion) + "\n");
}

TEST(Cli, EveryVerbHasHelpWithExamples) {
  for (const char* verb : {"verify", "area", "report"}) {
    const Outcome outcome = run_program({verb, "--help"});
    EXPECT_EQ(outcome.exit_code, kOk);
    EXPECT_THAT(outcome.out, HasSubstr("Examples:\n  optinc " + std::string(verb)));
  }
}

TEST(Cli, MistakesOnTheCommandLineAreBadInputInOneLine) {
  expect_bad_input(run_program({}), "A subcommand is required");
  expect_bad_input(run_program({"nonsense"}), "nonsense: no such verb");
  expect_bad_input(run_program({"verify"}), "design is required (see optinc verify --help)");
  expect_bad_input(run_program({"verify", "x", "--colour"}), "--colour");
  expect_bad_input(run_program({"area", "--layers", "4,x,4"}), "x");
}

#ifdef OPTINC_WITH_TORCH  // the reference is of the whole program
TEST(Cli, TheReferenceInDocIsFresh) {
  EXPECT_EQ(run_program({"reference"}).out, base::read_file("doc/cli.md"))
      << "renew it: build/optinc reference > doc/cli.md";
}
#endif

}  // namespace
}  // namespace optinc::cli
