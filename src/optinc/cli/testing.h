// Running the program in process.
#pragma once

#include <filesystem>
#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "optinc/base/record.h"
#include "optinc/cli/cli.h"

namespace optinc::cli {

struct Outcome {
  int exit_code;
  std::string out;
  std::string err;

  base::Json json() const { return base::Json::parse(out); }
};

inline Outcome run_program(const std::vector<std::string>& arguments) {
  std::ostringstream out, err;
  const int exit_code = run(arguments, out, err);
  return {exit_code, out.str(), err.str()};
}

/// An error is one line.
inline void expect_bad_input(const Outcome& outcome, const std::string& message) {
  EXPECT_EQ(outcome.exit_code, kBadInput);
  EXPECT_NE(outcome.err.find(message), std::string::npos) << outcome.err << "expected: " << message;
  EXPECT_EQ(outcome.err.find('\n'), outcome.err.size() - 1) << outcome.err;
  EXPECT_EQ(outcome.out, "");
}

/// An empty folder of the test's own, removed at the end.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    const auto* test = testing::UnitTest::GetInstance()->current_test_info();
    path_ = std::filesystem::path(testing::TempDir()) / (std::string(test->test_suite_name()) + "." + test->name());
    std::filesystem::remove_all(path_);
    std::filesystem::create_directories(path_);
  }
  ~TemporaryFolder() { std::filesystem::remove_all(path_); }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  std::string operator/(const std::string& name) const { return (path_ / name).string(); }

 private:
  std::filesystem::path path_;
};

}  // namespace optinc::cli
