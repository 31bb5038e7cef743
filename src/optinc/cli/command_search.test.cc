#include "optinc/cli/command_search.h"

#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "optinc/base/atomic_file.h"
#include "optinc/cli/testing.h"

namespace optinc::cli {
namespace {

using testing::HasSubstr;

std::vector<std::string> small_search(const std::string& out, const std::string& generations,
                                      const std::string& most_mzis = "400") {
  return {"search",    "--bits",   "4",  "--servers",   "2",       "--population", "8", "--generations",
          generations, "--sample", "64", "--most-mzis", most_mzis, "--out",        out};
}

TEST(Search, WritesTheFrontAsDesignsThatAreRight) {
  const TemporaryFolder folder;
  std::vector<std::string> arguments = small_search(folder / "front", "2");
  arguments.insert(arguments.end(), {"--json", "--noise", "1e-4"});
  const Outcome outcome = run_program(arguments);
  ASSERT_EQ(outcome.exit_code, kOk) << outcome.err;
  const base::Json designs = outcome.json()["designs"];
  ASSERT_GE(designs.size(), 1u);
  for (const base::Json& design : designs) {
    const std::string file = design["file"];
    EXPECT_EQ(run_program({"verify", file}).exit_code, kOk) << file;
    EXPECT_EQ(run_program({"verify", file, "--by-stage"}).exit_code, kOk) << file;
  }
  EXPECT_EQ(outcome.json()["picked"], designs[0]["file"]);  // the smallest: all bear so little
}

TEST(Search, JudgesOnChips) {
  const TemporaryFolder folder;
  std::vector<std::string> arguments = small_search(folder / "front", "1");
  arguments.insert(arguments.end(),
                   {"--chips", "2", "--set", "phase_shifter.error_rms_rad=0.01", "--chip-rate", "0.5"});
  const Outcome outcome = run_program(arguments);
  ASSERT_EQ(outcome.exit_code, kOk) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr(R"(mean of 2 simulated chips, ideal {"phase_shifter.error_rms_rad":0.01})"));
  EXPECT_THAT(outcome.out, HasSubstr("picked: "));
  arguments = small_search(folder / "front", "1");
  arguments.insert(arguments.end(), {"--hardware", "silicon"});
  expect_bad_input(run_program(arguments), "--hardware, --set: expected --chips");
}

TEST(Search, TrainsStructures) {
  const TemporaryFolder folder;
  std::vector<std::string> arguments = small_search(folder / "front", "1", "20000");
  arguments.insert(arguments.end(), {"--over", "structures", "--epochs", "8", "--json"});
  const Outcome outcome = run_program(arguments);
  ASSERT_NE(outcome.exit_code, kBadInput) << outcome.err;
  const base::Json designs = outcome.json()["designs"];
  ASSERT_FALSE(designs.empty());
  for (const base::Json& design : designs) {
    const Outcome verified = run_program({"verify", design["file"].get<std::string>(), "--json"});
    EXPECT_DOUBLE_EQ(verified.json()["accuracy"].get<double>(), design["accuracy"].get<double>());
  }
  const base::Json scored = base::read_records(folder / "front/search.records.jsonl")[1]["members"];
  EXPECT_GT(scored[0]["score"]["mzis"], 0);
}

TEST(Search, AKilledSearchGoesOn) {
  const TemporaryFolder folder;
  ASSERT_EQ(run_program(small_search(folder / "whole", "2")).exit_code, kOk);
  ASSERT_EQ(run_program(small_search(folder / "parts", "1")).exit_code, kOk);
  std::vector<std::string> on = small_search(folder / "parts", "2");
  on.emplace_back("--resume");
  const Outcome outcome = run_program(on);
  ASSERT_EQ(outcome.exit_code, kOk) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("designs that none beats"));
  const auto last_front = [&](const char* name) {
    return base::read_records(folder / (std::string(name) + "/search.records.jsonl")).back()["designs"].size();
  };
  EXPECT_EQ(last_front("parts"), last_front("whole"));

  on[2] = "6";
  expect_bad_input(run_program(on), "a search with other settings");
  std::vector<std::string> none = small_search(folder / "none", "2");
  none.emplace_back("--resume");
  expect_bad_input(run_program(none), "none/search.records.jsonl");
  base::write_file_atomically(folder / "parts/search.records.jsonl", "{\"type\":\"run\"}\n");
  expect_bad_input(run_program(on), "parts/search.records.jsonl: no records of a search");
}

TEST(Search, SaysSoWhenNothingBearsWhatWasAskedFor) {
  const TemporaryFolder folder;
  std::vector<std::string> arguments = small_search(folder / "front", "1");
  arguments.insert(arguments.end(), {"--noise", "0.09"});
  const Outcome outcome = run_program(arguments);
  EXPECT_EQ(outcome.exit_code, kFailed);
  EXPECT_THAT(outcome.out, HasSubstr("none was found that bears 0.09"));
  arguments = small_search(folder / "front", "1");
  arguments[6] = "10";
  const std::string before = base::read_file(folder / "front/search.records.jsonl");
  expect_bad_input(run_program(arguments), "population 10: expected a multiple of 4, at least 8");
  EXPECT_EQ(base::read_file(folder / "front/search.records.jsonl"), before);
}

}  // namespace
}  // namespace optinc::cli
