#include "optinc/cli/command_area.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "optinc/cli/testing.h"

namespace optinc::cli {
namespace {

using testing::HasSubstr;

TEST(Area, CountsTheDesignThatShips) {
  const Outcome outcome = run_program({"area", "designs/b8-n4.safetensors", "--json"});
  EXPECT_EQ(outcome.exit_code, kOk);
  EXPECT_EQ(outcome.json()["mzis"], 41936);
  EXPECT_EQ(outcome.json()["dense_mzis"], 106784);
  EXPECT_EQ(outcome.json()["preprocessing_mzis"].get<int>() + outcome.json()["splitting_mzis"].get<int>(), 272);
  EXPECT_EQ(outcome.json()["activations"], 64 + 128 + 256 + 128 + 64);
  EXPECT_EQ(outcome.json()["layers"].size(), 6u);
}

// A constructed design's matrices are sparse.
TEST(Area, CountsByRank) {
  const Outcome outcome = run_program({"area", "designs/front/b8-n4-construct-tolerant.safetensors", "--json"});
  std::int64_t dense = 0, by_rank = 0;
  const base::Json layers = outcome.json()["layers"];
  for (const base::Json& layer : layers) {
    dense += layer["dense_mzis"].get<std::int64_t>();
    by_rank += layer["mzis_by_rank"].get<std::int64_t>();
  }
  EXPECT_EQ(dense, 852);
  EXPECT_LT(by_rank, 300);
  EXPECT_GT(by_rank, 50);
  EXPECT_THAT(run_program({"area", "designs/front/b8-n4-construct-tolerant.safetensors"}).out,
              HasSubstr("without P and T: 606; dense 852; by rank"));
}

TEST(Area, CountsAStructureWithoutADesign) {
  const Outcome outcome =
      run_program({"area", "--layers", "4,64,128,256,512,256,128,64,8", "--servers", "4", "--approximate", "4-6"});
  EXPECT_EQ(outcome.exit_code, kOk);
  EXPECT_THAT(outcome.out, HasSubstr("214,800 of 435,280 MZIs, 49.35 %"));
}

TEST(Area, RefusesWhatDoesNotFit) {
  expect_bad_input(run_program({"area"}), "expected a design file, or --layers with at least 2");
  expect_bad_input(run_program({"area", "designs/b8-n4.safetensors", "--layers", "4,4"}), "expected one of the two");
  expect_bad_input(run_program({"area", "--layers", "4,64,4", "--approximate", "3"}), "3");
  expect_bad_input(run_program({"area", "--layers", "4,6,4"}),
                   "expected the longer side to be a multiple of the shorter one");
}

}  // namespace
}  // namespace optinc::cli
