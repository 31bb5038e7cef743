#include "optinc/cli/command_link_budget.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "optinc/cli/testing.h"

namespace optinc::cli {
namespace {

using testing::HasSubstr;

class LinkBudget : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(run_program({"compile", "designs/b8-n4.safetensors", "--out", program_}).exit_code, kOk);
  }

  const TemporaryFolder folder_;
  const std::string program_ = folder_ / "p.npz";
};

TEST_F(LinkBudget, SaysWhereLightIsLost) {
  const Outcome outcome = run_program({"link-budget", program_, "--records", folder_ / "l.jsonl", "--json"});
  ASSERT_EQ(outcome.exit_code, kOk) << outcome.err;
  const base::Json found = outcome.json();
  EXPECT_EQ(found["program"], "p");
  EXPECT_EQ(found["hardware"], "silicon");
  EXPECT_EQ(found["differences"]["phase_shifter.pi_power_mw"], 24.77);
  ASSERT_EQ(found["stages"].size(), 8u);
  double heaters = 0, lasers = 0;
  std::int64_t area = 0, placed = 0;
  for (const base::Json& stage : found["stages"]) {
    area += stage["area_mzi"].get<std::int64_t>();
    placed += stage["placed_mzi"].get<std::int64_t>();
    heaters += stage["heater_power_w"].get<double>();
    EXPECT_GT(stage["mesh_loss_db"], 0) << stage["name"];
  }
  // P (130) and T (142) are counted beside the layers: 160 + 4,160 + 16,512 twice.
  EXPECT_EQ(area, 2 * (160 + 4160 + 16512) + 130 + 142);
  EXPECT_EQ(placed, 41720);
  EXPECT_NEAR(found["heater_power_w"].get<double>(), heaters, 1e-9);
  // A hop each layer; P and T have no detectors of their own.
  ASSERT_EQ(found["hops"].size(), 6u);
  EXPECT_EQ(found["hops"][0]["name"], "P + 1");
  EXPECT_EQ(found["hops"][5]["name"], "6 + T");
  for (const base::Json& hop : found["hops"]) {
    EXPECT_LT(hop["received_dbm"], hop["emission_dbm"]) << hop["name"];
    EXPECT_GT(hop["noise_levels"], 0) << hop["name"];
    lasers += hop["laser_power_w"].get<double>();
  }
  EXPECT_NEAR(found["laser_power_w"].get<double>(), lasers, 1e-9);

  const auto records = base::read_records(folder_ / "l.jsonl");
  ASSERT_EQ(records.size(), 2u);
  EXPECT_EQ(records[0]["command"], "link-budget");
  EXPECT_EQ(records[1]["type"], "link_budget");
  EXPECT_EQ(records[1]["stages"], found["stages"]);
  EXPECT_EQ(records[1]["hops"], found["hops"]);

  // 3 dB more of light: 3 dB more are received by the first hop.
  const base::Json more =
      run_program({"link-budget", program_, "--set", "transmitter.power_dbm=3", "--json"}).json()["hops"];
  EXPECT_NEAR(more[0]["received_dbm"].get<double>(), found["hops"][0]["received_dbm"].get<double>() + 3, 1e-9);
  EXPECT_EQ(more[1], found["hops"][1]);
}

TEST_F(LinkBudget, SaysItInWords) {
  const Outcome words = run_program({"link-budget", program_});
  EXPECT_EQ(words.exit_code, kOk);
  EXPECT_THAT(words.out, HasSubstr("hardware silicon\n"));
  EXPECT_THAT(words.out, HasSubstr("     3    256 x 128    16,512     16,512"));
  EXPECT_THAT(words.out, HasSubstr("\nheaters "));
  // Without noise: infinite, which JSON can't say.
  const Outcome ideal = run_program({"link-budget", program_, "--hardware", "ideal"});
  EXPECT_EQ(ideal.exit_code, kOk) << ideal.err;
  EXPECT_THAT(ideal.out, HasSubstr(" inf "));
  EXPECT_TRUE(
      run_program({"link-budget", program_, "--hardware", "ideal", "--json"}).json()["hops"][0]["snr_db"].is_null());

  expect_bad_input(run_program({"link-budget", program_, "--hardware", "silikon"}), "silikon: no such file");
  expect_bad_input(run_program({"link-budget", program_, "--set", "coupler.loss=1"}),
                   "--set coupler.loss: no such value");
  expect_bad_input(run_program({"link-budget", program_, "--set", "coupler.loss_db=-1"}),
                   "coupler.loss_db = -1: expected");
  expect_bad_input(run_program({"link-budget", folder_ / "none.npz"}), "none.npz: no such file");
  expect_bad_input(run_program({"link-budget", "designs/b8-n4.safetensors"}), "expected a mesh program, .json or .npz");
}

}  // namespace
}  // namespace optinc::cli
