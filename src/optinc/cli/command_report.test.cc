#include "optinc/cli/command_report.h"

#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "optinc/base/atomic_file.h"
#include "optinc/cli/testing.h"

namespace optinc::cli {
namespace {

TEST(Report, NoRecordsAreBadInputAndNothingIsWritten) {
  const TemporaryFolder folder;
  std::ofstream(folder / "empty.jsonl");
  expect_bad_input(run_program({"report", folder / "empty.jsonl", "--out", folder / "page.html"}), "empty.jsonl");
  expect_bad_input(run_program({"report", folder / "none.jsonl", "--out", folder / "page.html"}), "none.jsonl");
  EXPECT_FALSE(std::filesystem::exists(folder / "page.html"));
}

}  // namespace
}  // namespace optinc::cli
