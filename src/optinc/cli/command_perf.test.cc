#include "optinc/cli/command_perf.h"

#include <set>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "optinc/base/atomic_file.h"
#include "optinc/cli/testing.h"

namespace optinc::cli {
namespace {

using testing::HasSubstr;

Outcome perf(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), {"perf", "-n", "1", "-w", "0"});
  return run_program(arguments);
}

base::Json results_of(const std::vector<std::string>& arguments) {
  const Outcome outcome = perf(arguments);
  EXPECT_EQ(outcome.exit_code, kOk) << outcome.err;
  return outcome.exit_code == kOk ? outcome.json()["results"] : base::Json::array();
}

TEST(Perf, PrintsNcclTestsColumnsAndFooter) {
  const Outcome outcome = perf({"-b", "8", "-e", "1K", "-f", "16"});
  EXPECT_EQ(outcome.exit_code, kOk) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("# all_reduce by optinc"));
  EXPECT_THAT(outcome.out, HasSubstr("size       count      type redop      time   algbw   busbw  wirebw  #wrong"));
  EXPECT_THAT(outcome.out, HasSubstr("\n           8           2     float   sum"));
  EXPECT_THAT(outcome.out, HasSubstr("\n         128          32     float   sum"));
  EXPECT_THAT(outcome.out, HasSubstr("# Out of bounds values : 0 OK\n# Avg bus bandwidth    : "));
}

TEST(Perf, NothingIsWrongByAnyAlgorithmOfAnyTypeInOrOutOfPlace) {
  for (const auto* type : {"float", "half", "bfloat16"}) {
    const base::Json results = results_of(
        {"-b", "4", "-e", "40000", "-f", "100", "-d", type, "-o", "sum,avg", "--algorithm", "all", "--json"});
    std::set<std::string> algorithms;
    for (const base::Json& result : results) {
      SCOPED_TRACE(result.dump());
      algorithms.insert(result["algorithm"]);
      EXPECT_EQ(result["out_of_place"]["nwrong"], 0);
      EXPECT_EQ(result["in_place"]["nwrong"], 0);
      const bool electrical = result["algorithm"] != "optinc" && result["algorithm"] != "int32-switch";
      if (electrical && result["type"] == "float" && result["redop"] == "sum") EXPECT_EQ(result["ulp"], 0);
      if (result["algorithm"] == "optinc" && result["count"] == 10000) {
        EXPECT_GT(result["nmse"], 1e-5);
        EXPECT_LT(result["nmse"], 1e-3);
      }
    }
    EXPECT_THAT(algorithms, testing::IsSupersetOf({"optinc", "ring", "rabenseifner", "tree", "int32-switch"}));
  }
}

// A port of 4 sends 1.5 times the tensor in a ring, a byte of four and 2 bytes a block of 256 by light.
TEST(Perf, CountsTheBytesOfAPort) {
  for (const base::Json& result :
       results_of({"-b", "4M", "-e", "4M", "--algorithm", "optinc,ring,tree,int32-switch", "--json"})) {
    const double share = result["wire_bytes"].get<double>() / result["size"].get<double>();
    const std::string name = result["algorithm"];
    const double expected = name == "optinc" ? 0.25 + 0.5 / 256
                            : name == "ring" ? 1.5
                            : name == "tree" ? 2
                                             : 1 + 0.25 / 256;
    EXPECT_DOUBLE_EQ(share, expected) << name;
  }
}

TEST(Perf, TheHashDoesNotDependOnRanksOrderThreadsOrTheWayTheOnnIsEvaluated) {
  std::set<std::string> hashes;
  for (const std::vector<std::string>& more : std::vector<std::vector<std::string>>{{"--threads", "1"},
                                                                                    {"--threads", "2"},
                                                                                    {"--threads", "3"},
                                                                                    {"--chunk", "1000"},
                                                                                    {"--evaluation", "onn"},
                                                                                    {"--evaluation", "every-symbol"},
                                                                                    {"--order", "3,1,0,2"}}) {
    std::vector<std::string> arguments{"-b", "100000", "-e", "100000", "-o", "avg", "--json"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    for (const base::Json& result : results_of(arguments)) {
      hashes.insert(result["out_of_place"]["hash"].get<std::string>());
    }
  }
  EXPECT_EQ(hashes.size(), 1u);
}

TEST(Perf, ScattersAndGathersThroughTheDevice) {
  const base::Json results = results_of(
      {"-b", "40000", "-e", "40000", "-o", "reduce_scatter,all_gather", "--algorithm", "optinc,ring", "--json"});
  ASSERT_EQ(results.size(), 4u);
  for (const base::Json& result : results) {
    EXPECT_EQ(result["out_of_place"]["nwrong"], 0) << result;
    EXPECT_EQ(result["in_place"]["nwrong"], 0) << result;
  }
  // A gather through the device has two bits less than a reduction.
  EXPECT_GT(results[2]["nmse"].get<double>(), 2 * results[0]["nmse"].get<double>());
}

TEST(Perf, SymbolErrorsAreCountedAsWrongAndFail) {
  const Outcome outcome = perf({"-b", "1M", "-e", "1M", "--symbol-error-rate", "1e-3", "--json"});
  EXPECT_EQ(outcome.exit_code, kFailed);
  const base::Json document = outcome.json();
  // 262,144 elements of 4 symbols at 4 ranks, out of place and in place: 8,400 symbols; 5 standard deviations are 460.
  EXPECT_NEAR(document["out_of_bounds"]["count"].get<double>(), 2 * 4 * 262'144 * 4e-3, 2 * 4 * 170);
  EXPECT_EQ(document["out_of_bounds"]["okay"], false);
}

TEST(Perf, WritesJson) {
  const TemporaryFolder folder;
  EXPECT_EQ(perf({"-b", "8", "-e", "8", "-J", folder / "perf.json"}).exit_code, kOk);
  const base::Json document = base::Json::parse(base::read_file(folder / "perf.json"));
  EXPECT_EQ(document["config"]["ranks"], 4);
  EXPECT_EQ(document["results"][0]["size"], 8);
  EXPECT_TRUE(document.contains("average_bus_bandwidth"));
}

TEST(Perf, ACascadeOfSixteenRanks) {
  const base::Json results =
      results_of({"-g", "16", "-b", "20000", "-e", "20000", "--level-1", "designs/b8-n4-cascade-1.safetensors",
                  "--design", "designs/b8-n4-cascade-2-nearest.safetensors", "--json"});
  EXPECT_EQ(results[0]["out_of_place"]["nwrong"], 0);
}

TEST(Perf, RefusesWhatCanNotBe) {
  expect_bad_input(perf({"-b", "8X"}), "size \"8X\": expected bytes like 8, 64K, 256M or 2G");
  expect_bad_input(perf({"-b", "8", "-e", "4"}), "-b 8 -e 4: expected the smaller size first");
  expect_bad_input(perf({"-f", "1"}), "-f 1: expected more than 1");
  expect_bad_input(perf({"-d", "int8"}), "int8");
  expect_bad_input(perf({"-o", "max"}), "-o max: expected sum, avg, all_reduce, reduce_scatter or all_gather");
  expect_bad_input(perf({"-b", "8", "-e", "8", "--algorithm", "magic"}), "algorithm \"magic\": expected optinc, ring");
  expect_bad_input(perf({"-g", "5", "-b", "8", "-e", "8"}), "5 ranks, but the device has 4 ports");
  expect_bad_input(perf({"-b", "8", "-e", "8", "--order", "0,1,2,2"}),
                   "--order 0,1,2,2: expected each of the ranks 0 .. 3");
  expect_bad_input(perf({"--transport", "pigeon"}), "--transport pigeon: expected auto, threads, tcp or mpi");
}

}  // namespace
}  // namespace optinc::cli
