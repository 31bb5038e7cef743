#include "optinc/cli/command_verify.h"

#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "optinc/base/atomic_file.h"
#include "optinc/cli/testing.h"
#include "optinc/onn/design.h"

namespace optinc::cli {
namespace {

using testing::HasSubstr;

TEST(Verify, TheDesignsThatShipAreExact) {
  for (const char* design : {"designs/b8-n4.safetensors", "designs/b8-n4-nearest.safetensors"}) {
    const Outcome outcome = run_program({"verify", design, "--json"});
    EXPECT_EQ(outcome.exit_code, kOk) << design;
    EXPECT_EQ(outcome.json()["inputs"], 28561);
    EXPECT_EQ(outcome.json()["wrong"], 0);
    EXPECT_EQ(outcome.json()["accuracy"], 1.0);
    EXPECT_EQ(outcome.json()["errors"].size(), 0u);
    EXPECT_LT(outcome.json()["largest_analog_error"], 0.5);
  }
}

// floor and nearest differ in half of all inputs (decimals 1/2 and 3/4), so the one's design is wrong for the other's
// rule.
TEST(Verify, ADesignThatIsWrongFailsWithItsErrors) {
  const TemporaryFolder folder;
  onn::Design design = onn::load_design("designs/b8-n4.safetensors");
  design.rounding = codec::Rounding::nearest;
  onn::save_design(folder / "wrong.safetensors", design);
  const Outcome outcome = run_program({"verify", folder / "wrong.safetensors", "--json"});
  EXPECT_EQ(outcome.exit_code, kFailed);
  EXPECT_NEAR(outcome.json()["wrong"].get<double>(), 28561 / 2.0, 28561 * 0.05);
  EXPECT_EQ(outcome.json()["errors"][0]["value"], -1);
  EXPECT_EQ(outcome.json()["errors"][0]["share"], 1.0);
  EXPECT_THAT(run_program({"verify", folder / "wrong.safetensors"}).out, HasSubstr("error -1: "));
}

TEST(Verify, TheExactAveragerStandsInForTheOnn) {
  const Outcome outcome = run_program({"verify", "designs/b8-n4.safetensors", "--exact", "--json"});
  EXPECT_EQ(outcome.exit_code, kOk);
  EXPECT_EQ(outcome.json()["largest_analog_error"], 0.0);
}

TEST(Verify, AFileCutInHalfIsBadInput) {
  const TemporaryFolder folder;
  const std::string path = folder / "half.safetensors";
  const std::string whole = base::read_file("designs/b8-n4.safetensors");
  std::ofstream(path, std::ios::binary) << whole.substr(0, whole.size() / 2);
  expect_bad_input(run_program({"verify", path}), "half.safetensors");
}

TEST(Verify, AMissingFileIsBadInput) {
  expect_bad_input(run_program({"verify", "designs/none.safetensors"}), "designs/none.safetensors: no such file");
}

}  // namespace
}  // namespace optinc::cli
