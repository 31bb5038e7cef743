#include "optinc/cli/command_hardware.h"

#include <algorithm>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "optinc/base/atomic_file.h"
#include "optinc/chip/hardware.h"
#include "optinc/cli/testing.h"

namespace optinc::cli {
namespace {

using testing::HasSubstr;

TEST(Hardware, ListsThePresetsALineEach) {
  const Outcome outcome = run_program({"hardware"});
  EXPECT_EQ(outcome.exit_code, kOk);
  EXPECT_EQ(std::ranges::count(outcome.out, '\n'), static_cast<std::ptrdiff_t>(chip::preset_names().size()));
  EXPECT_THAT(outcome.out, HasSubstr("ideal             no errors, no losses, no noise\n"));
  const Outcome json = run_program({"hardware", "--json"});
  EXPECT_EQ(json.exit_code, kOk);
  EXPECT_EQ(json.json()["presets"].size(), chip::preset_names().size());
  EXPECT_EQ(json.json()["presets"][1]["name"], "silicon");
}

TEST(Hardware, PrintsAPresetThatCanBeChangedAndReadAgain) {
  const TemporaryFolder folder;
  std::string toml = run_program({"hardware", "silicon"}).out;
  EXPECT_EQ(toml, chip::to_toml(chip::load_hardware("silicon")));
  base::write_file_atomically(folder / "mine.toml", toml);
  EXPECT_EQ(run_program({"hardware", folder / "mine.toml"}).out, toml);
  const std::string number = "imbalance_rms_rad = 0.02 ";
  ASSERT_THAT(toml, HasSubstr(number));
  toml.replace(toml.find(number), number.size(), "imbalance_rms_rad = 0.03 ");
  base::write_file_atomically(folder / "mine.toml", toml);
  EXPECT_EQ(run_program({"hardware", folder / "mine.toml", "--json"}).json()["coupler"]["imbalance_rms_rad"], 0.03);
}

TEST(Hardware, PrintsEveryNumberAsJson) {
  const Outcome outcome = run_program({"hardware", "shen-2017", "--json"});
  EXPECT_EQ(outcome.exit_code, kOk);
  const chip::Hardware shen = chip::load_hardware("shen-2017");
  for (const chip::HardwareField& field : chip::hardware_fields()) {
    EXPECT_EQ(outcome.json()[field.table][field.key], shen.*field.value) << field.key;
  }
  EXPECT_EQ(outcome.json()["name"], "shen-2017");
  EXPECT_EQ(outcome.json()["source"], shen.source);
  EXPECT_EQ(outcome.json()["activation"]["kind"], "relu");
}

TEST(Hardware, RefusesWhatIsNoHardware) {
  const TemporaryFolder folder;
  expect_bad_input(run_program({"hardware", "silikon"}),
                   "silikon: no such file, nor one of the presets ideal, silicon");
  base::write_file_atomically(folder / "mine.toml", "[coupler]\nimbalance_rms_rad = -1\n");
  expect_bad_input(run_program({"hardware", folder / "mine.toml"}),
                   "mine.toml: coupler.imbalance_rms_rad = -1: expected 0 .. 0.5");
  base::write_file_atomically(folder / "mine.toml", "[coupler\n");
  expect_bad_input(run_program({"hardware", folder / "mine.toml"}), "mine.toml: line 1, column ");
}

}  // namespace
}  // namespace optinc::cli
