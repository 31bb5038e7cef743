#include "optinc/cli/command_reproduce.h"

#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "optinc/base/atomic_file.h"
#include "optinc/base/record.h"
#include "optinc/cli/published_tables.h"
#include "optinc/cli/testing.h"
#include "optinc/onn/design.h"
#include "optinc/onn/mzi_count.h"

namespace optinc::cli {
namespace {

using testing::HasSubstr;

// The counts that stand behind the published percentages.
TEST(PublishedTables, TheirAreasAreCountedToTheirDigits) {
  for (const char* name : {"table1", "table2"}) {
    for (const TableRow& row : published_table(name).groups.front().rows) {
      const auto layers = static_cast<int>(row.widths.size()) - 1;
      const onn::Area area = onn::count_mzis(row.widths, onn::LayerSet::parse(row.approximated, layers), row.servers);
      EXPECT_NEAR(100 * area.ratio(), row.area_percent.value(), 0.16) << row.design;
    }
  }
}

TEST(Reproduce, PutsARowBesideThePapers) {
  const TemporaryFolder folder;
  const Outcome outcome =
      run_program({"reproduce", "table1", "--only", "b8-n4", "--records", folder / "t.jsonl", "--json"});
  ASSERT_EQ(outcome.exit_code, kOk) << outcome.err;
  const base::Json row = outcome.json()["rows"][0];
  EXPECT_EQ(row["design"], "b8-n4");
  EXPECT_EQ(row["paper"]["accuracy_percent"], 100.0);
  EXPECT_EQ(row["ours"]["inputs"], 28561);
  EXPECT_EQ(row["ours"]["wrong"], 0);
  EXPECT_EQ(row["ours"]["mzis"], 41936);
  EXPECT_EQ(row["ours"]["dense_mzis"], 106784);
  EXPECT_EQ(row["difference"]["accuracy_points"], 0.0);
  EXPECT_NEAR(row["difference"]["area_points"].get<double>(), -0.03, 0.005);
  const auto records = base::read_records(folder / "t.jsonl");
  ASSERT_EQ(records.size(), 2u);
  EXPECT_EQ(records[0]["command"], "reproduce");
  EXPECT_EQ(records[1]["type"], "reproduction");
  EXPECT_EQ(run_program({"report", folder / "t.jsonl", "--out", folder / "page.html"}).exit_code, kOk);
}

TEST(Reproduce, ShowsAPrintedTable) {
  const Outcome outcome = run_program({"reproduce", "table1", "--only", "b8-n4", "--sample", "1000"});
  EXPECT_EQ(outcome.exit_code, kOk);
  EXPECT_THAT(outcome.out, HasSubstr("Table I"));
  EXPECT_THAT(outcome.out, HasSubstr("sampled"));
  EXPECT_THAT(outcome.out, HasSubstr("39.27"));
}

TEST(Reproduce, FailsWhereADesignIsMissingOrWorseThanThePapers) {
  const TemporaryFolder folder;
  const Outcome missing = run_program({"reproduce", "table1", "--only", "b8-n4", "--designs", folder / ""});
  EXPECT_EQ(missing.exit_code, kFailed);
  EXPECT_THAT(missing.out, HasSubstr("not there"));

  onn::Design worse = onn::load_design("designs/b8-n4.safetensors");
  worse.network.layers.back().bias.back() += 0.3f;
  onn::save_design(folder / "b8-n4.safetensors", worse);
  const Outcome outcome = run_program({"reproduce", "table1", "--only", "b8-n4", "--designs", folder / ""});
  EXPECT_EQ(outcome.exit_code, kFailed);
  EXPECT_THAT(outcome.out, HasSubstr("errors: paper none; ours +"));
}

TEST(Reproduce, ATwinStandsBesideTheSameRow) {
  const Outcome outcome =
      run_program({"reproduce", "table1", "--only", "b8-n4-nearest", "--only", "b8-n4", "--json", "--threads", "1"});
  ASSERT_EQ(outcome.exit_code, kOk) << outcome.err;
  const base::Json rows = outcome.json()["rows"];
  ASSERT_EQ(rows.size(), 2u);  // in the table's order
  EXPECT_EQ(rows[0]["ours"]["rounding"], "floor");
  EXPECT_EQ(rows[1]["ours"]["rounding"], "nearest");
  EXPECT_EQ(rows[1]["paper"]["area_percent"], 39.3);
  EXPECT_NE(rows[0]["group"], rows[1]["group"]);
}

// What the paper has nothing for is not there, not 0.
TEST(Reproduce, AConstructedDesignHasNoPublishedFigures) {
  const TemporaryFolder folder;
  onn::Design design = onn::load_design("designs/b8-n4.safetensors");
  onn::save_design(folder / "b8-n4-constructed.safetensors", design);
  const std::vector<std::string> arguments = {"reproduce",         "table1",    "--only",
                                              "b8-n4-constructed", "--designs", folder / ""};
  expect_bad_input(run_program(arguments), "origin trained, expected constructed");
  design.origin = "constructed";
  onn::save_design(folder / "b8-n4-constructed.safetensors", design);
  std::vector<std::string> as_json = arguments;
  as_json.emplace_back("--json");
  const Outcome outcome = run_program(as_json);
  EXPECT_EQ(outcome.exit_code, kOk);
  const base::Json row = outcome.json()["rows"][0];
  EXPECT_TRUE(row["paper"]["accuracy_percent"].is_null());
  EXPECT_TRUE(row["difference"]["area_points"].is_null());
  EXPECT_EQ(row["ours"]["accuracy"], 1.0);
  EXPECT_THAT(run_program(arguments).out, HasSubstr("nothing published to compare with"));
}

// 13^4 inputs at level 1; at level 2 its last input comes in steps of 1/16 and reaches 3/4 higher: 13^3 61.
TEST(Reproduce, ACascadesLevelsHaveTheirOwnInputs) {
  const Outcome outcome =
      run_program({"reproduce", "cascade", "--only", "b8-n4-cascade-1", "--only", "b8-n4-cascade-2", "--json"});
  ASSERT_EQ(outcome.exit_code, kOk) << outcome.err;
  const base::Json rows = outcome.json()["rows"];
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[0]["ours"]["inputs"], 28561);
  EXPECT_EQ(rows[1]["ours"]["inputs"], 134017);
  for (const base::Json& row : rows) {
    EXPECT_EQ(row["ours"]["wrong"], 0);
    EXPECT_NEAR(row["ours"]["additional_mzis_percent"].get<double>(), 9.92, 0.005);
    EXPECT_NEAR(row["difference"]["additional_mzis_points"].get<double>(), -0.58, 0.005);
  }
}

TEST(Reproduce, RowsThatAreNotThereAreRecordedAndShown) {
  const TemporaryFolder folder;
  std::filesystem::create_directory(folder / "designs");
  const Outcome outcome =
      run_program({"reproduce", "table2", "--designs", folder / "designs", "--records", folder / "t.jsonl"});
  EXPECT_EQ(outcome.exit_code, kFailed);
  EXPECT_THAT(outcome.out, HasSubstr("0 of 5 designs as accurate as published or exact, 0 not, 5 not there"));
  const auto records = base::read_records(folder / "t.jsonl");
  ASSERT_EQ(records.size(), 6u);
  EXPECT_TRUE(records[2]["ours"].is_null());
  EXPECT_EQ(records[2]["paper"]["accuracy_percent"], 99.99986);
  EXPECT_EQ(records[2]["paper"]["errors"][0]["values"].dump(), "[-1,1]");
  EXPECT_EQ(run_program({"report", folder / "t.jsonl", "--out", folder / "page.html"}).exit_code, kOk);
}

TEST(Reproduce, ASampleIsTheSameForTheSameSeed) {
  const TemporaryFolder folder;
  onn::Design worse = onn::load_design("designs/b8-n4.safetensors");
  worse.network.layers.back().bias.back() += 0.3f;
  onn::save_design(folder / "b8-n4.safetensors", worse);
  const auto wrong = [&](const char* seed) {
    const Outcome outcome = run_program({"reproduce", "table1", "--only", "b8-n4", "--designs", folder / "", "--sample",
                                         "1000", "--seed", seed, "--json"});
    EXPECT_EQ(outcome.exit_code, kFailed);
    EXPECT_EQ(outcome.json()["rows"][0]["ours"]["sampled"], true);
    EXPECT_EQ(outcome.json()["rows"][0]["ours"]["inputs"], 1000);
    EXPECT_EQ(outcome.json()["rows"][0]["ours"]["possible"], 28561);
    return outcome.json()["rows"][0]["ours"]["wrong"].get<int>();
  };
  EXPECT_EQ(wrong("1"), wrong("1"));
  EXPECT_NE(wrong("1"), wrong("2"));
}

TEST(Reproduce, RefusesAnotherDevicesDesign) {
  const TemporaryFolder folder;
  onn::Design design = onn::load_design("designs/b8-n4.safetensors");
  design.approximated = onn::LayerSet::parse("2-5", 6);
  onn::save_design(folder / "b8-n4.safetensors", design);
  expect_bad_input(run_program({"reproduce", "table1", "--only", "b8-n4", "--designs", folder / ""}),
                   "b8-n4.safetensors: approximated layers 2-5, expected 1-6");
  std::filesystem::copy("designs/b8-n4.safetensors", folder / "b8-n4-nearest.safetensors");
  expect_bad_input(run_program({"reproduce", "table1", "--only", "b8-n4-nearest", "--designs", folder / ""}),
                   "b8-n4-nearest.safetensors: rounding floor, expected nearest");
  expect_bad_input(run_program({"reproduce", "table1", "--designs", folder / "none"}), "no such folder");
  expect_bad_input(run_program({"reproduce", "table1", "--only", "b8-n4", "--designs", "designs", "--records",
                                folder / "none/t.jsonl"}),
                   "no such folder");
  expect_bad_input(run_program({"reproduce"}), "table is required");
}

TEST(Reproduce, RefusesWhatIsNotInTheTable) {
  const TemporaryFolder folder;
  expect_bad_input(run_program({"reproduce", "table3"}),
                   "table \"table3\": expected table1, table2, cascade, fig6, fig7a, fig7b or all");
  expect_bad_input(run_program({"reproduce", "table1", "--only", "b9"}), "--only b9: no such design in table1");
  std::filesystem::copy("designs/b8-n4.safetensors", folder / "b8-n8.safetensors");
  expect_bad_input(run_program({"reproduce", "table1", "--only", "b8-n8", "--designs", folder / "", "--json"}),
                   "servers 4, expected 8");
}

// Samples of all designs, figures, and one page.
TEST(Reproduce, AllMakesOnePage) {
  const TemporaryFolder folder;
  const Outcome outcome = run_program(
      {"reproduce", "all", "--sample", "2000", "--records", folder / "records", "--out", folder / "report.html"});
  ASSERT_NE(outcome.exit_code, kBadInput) << outcome.err;
  const std::string page = base::read_file(folder / "report.html");
  for (const char* part : {"Table I", "Table II", "Figure 6", "Figure 7a", "Figure 7b", "Link budget", "yield"}) {
    EXPECT_THAT(page, testing::HasSubstr(part)) << part;
  }
  EXPECT_TRUE(std::filesystem::exists(folder / "records/table2.jsonl"));
}

TEST(Reproduce, RefusesFlagsOfAllElsewhere) {
  expect_bad_input(run_program({"reproduce", "table1", "--out", "x.html"}), "--out");
  expect_bad_input(run_program({"reproduce", "all", "--json"}), "--json");
  expect_bad_input(run_program({"reproduce", "all", "--only", "b8-n4"}), "--only");
}

}  // namespace
}  // namespace optinc::cli
