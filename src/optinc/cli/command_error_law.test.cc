#include "optinc/cli/command_error_law.h"

#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "optinc/base/atomic_file.h"
#include "optinc/cli/testing.h"

namespace optinc::cli {
namespace {

using testing::HasSubstr;
using testing::Not;

std::vector<std::string> small(const std::vector<std::string>& more) {
  std::vector<std::string> arguments{"error-law", "--sizes", "16"};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return arguments;
}

// E is linear in sigma without a correction; a correction takes nearly all of it.
TEST(ErrorLaw, MeasuresEachCorrection) {
  const Outcome outcome = run_program(small({"--samples", "2", "--sigma", "0.01,0.02", "--json"}));
  ASSERT_EQ(outcome.exit_code, kOk) << outcome.err;
  const base::Json all = outcome.json()["error_law"];
  ASSERT_EQ(all.size(), 3u);
  EXPECT_EQ(all[0]["correction"], "none");
  EXPECT_EQ(all[1]["correction"], "local");
  EXPECT_EQ(all[2]["correction"], "self-configured");
  for (const base::Json& found : all) {
    EXPECT_EQ(found["layout"], "rectangular");
    EXPECT_EQ(found["cell"], "mzi");
    EXPECT_EQ(found["seed"], 1);
    ASSERT_EQ(found["points"].size(), 2u);
    EXPECT_EQ(found["points"][0]["size"], 16);
    EXPECT_EQ(found["points"][1]["sigma"], 0.02);
    EXPECT_EQ(found["points"][1]["samples"], 2);
    EXPECT_GE(found["points"][1]["standard_error"], 0);
  }
  EXPECT_EQ(all[0]["law"], "c sqrt(2 N) sigma");
  EXPECT_EQ(all[1]["law"], "c N sigma^2");
  EXPECT_EQ(all[0]["expected"], 0.97);
  EXPECT_NEAR(all[0]["constant"].get<double>(), 0.97, 0.15);
  const auto mean = [&](int correction, int point) { return all[correction]["points"][point]["mean"].get<double>(); };
  EXPECT_NEAR(mean(0, 1) / mean(0, 0), 2, 0.02);
  EXPECT_LT(mean(1, 1), mean(0, 1) / 5);
  EXPECT_LT(mean(2, 1), mean(0, 1) / 5);
}

TEST(ErrorLaw, SaysItInWordsAndWritesRecords) {
  const TemporaryFolder folder;
  const Outcome words = run_program(small({"--samples", "2", "--seed", "4", "--records", folder / "e.jsonl"}));
  EXPECT_EQ(words.exit_code, kOk) << words.err;
  EXPECT_THAT(words.out, HasSubstr("rectangular mesh, mzi, correction none\n  N =   16, sigma = 0.01    E = "));
  EXPECT_THAT(words.out, HasSubstr("  E = c sqrt(2 N) sigma: c = "));
  EXPECT_THAT(words.out, HasSubstr(", expected 0.66\n"));
  const auto records = base::read_records(folder / "e.jsonl");
  ASSERT_EQ(records.size(), 4u);
  EXPECT_EQ(records[0]["command"], "error-law");
  EXPECT_EQ(records[0]["seed"], 4);
  EXPECT_EQ(records[1]["type"], "error_law");
  EXPECT_EQ(records[3]["correction"], "self-configured");
  EXPECT_EQ(records[3]["points"].size(), 2u);
}

// The third coupler moves the splitting ratios that can't be had to where random meshes hardly have any: next to
// nothing of E is left, and there is no law to fit.
TEST(ErrorLaw, ThreeCouplersAreCorrectedAlmostExactly) {
  const std::vector<std::string> arguments =
      small({"--samples", "2", "--layout", "triangular", "--cell", "3-mzi", "--sigma", "0.05"});
  const Outcome words = run_program(arguments);
  EXPECT_THAT(words.out, HasSubstr("triangular mesh, 3-mzi, correction self-configured\n"));
  EXPECT_THAT(words.out, Not(HasSubstr("c = ")));
  std::vector<std::string> with_json = arguments;
  with_json.emplace_back("--json");
  const base::Json all = run_program(with_json).json()["error_law"];
  ASSERT_EQ(all.size(), 2u);
  EXPECT_GT(all[0]["points"][0]["mean"], 0.1);
  EXPECT_LT(all[1]["points"][0]["mean"], 0.01);
  EXPECT_TRUE(all[1]["constant"].is_null());
}

TEST(ErrorLaw, SameSeedSameMeshesWhateverTheThreads) {
  const auto means = [](const char* threads, const char* seed) {
    return run_program(small({"--samples", "3", "--sigma", "0.02", "--threads", threads, "--seed", seed, "--json"}))
        .json()["error_law"][1]["points"];
  };
  EXPECT_EQ(means("1", "1"), means("2", "1"));
  EXPECT_NE(means("1", "1"), means("1", "2"));
}

TEST(ErrorLaw, RefusesBadInputBeforeItWrites) {
  const TemporaryFolder folder;
  const std::string records = folder / "e.jsonl";
  base::write_file_atomically(records, "{\"type\":\"run\"}\n");
  const auto refuse = [&](const std::vector<std::string>& arguments, const char* message) {
    std::vector<std::string> all{"error-law", "--records", records};
    all.insert(all.end(), arguments.begin(), arguments.end());
    expect_bad_input(run_program(all), message);
    EXPECT_EQ(base::read_file(records), "{\"type\":\"run\"}\n");
  };
  refuse({"--sizes", "16,1"}, "--sizes 1: expected 2 or more modes");
  refuse({"--sizes", "x"}, "--sizes");
  refuse({"--sizes", "16", "--samples", "0"}, "--samples 0: expected 1 or more");
  refuse({"--sizes", "16", "--sigma", "0.01,-1"}, "--sigma -1: expected 0 or more, in rad");
  refuse({"--sizes", "16", "--sigma", "nan"}, "--sigma nan: expected 0 or more, in rad");
  refuse({"--cell", "3-mzi"}, "--cell 3-mzi: expected --layout triangular");
  refuse({"--cell", "4-mzi"}, "cell '4-mzi': expected mzi or 3-mzi");
  refuse({"--layout", "round"}, "layout 'round': expected rectangular or triangular");
}

}  // namespace
}  // namespace optinc::cli
