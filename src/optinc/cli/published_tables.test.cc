#include "optinc/cli/published_tables.h"

#include <set>

#include <gtest/gtest.h>

#include "optinc/base/error.h"
#include "optinc/onn/mzi_count.h"

namespace optinc::cli {
namespace {

const std::vector<std::string> kNames = {"table1", "table2", "cascade"};

TEST(PublishedTables, HaveTheRowsOfThePaper) {
  EXPECT_EQ(published_table("table1").groups.front().rows.size(), 4u);
  EXPECT_EQ(published_table("table2").groups.front().rows.size(), 5u);
  EXPECT_EQ(published_table("cascade").groups.front().rows.size(), 2u);
  EXPECT_THROW(published_table("table3"), base::InputError);
}

TEST(PublishedTables, NameEachDesignOnce) {
  for (const std::string& name : kNames) {
    std::set<std::string> designs;
    for (const RowGroup& group : published_table(name).groups) {
      for (const TableRow& row : group.rows) EXPECT_TRUE(designs.insert(row.design).second) << row.design;
    }
  }
}

// 2 x 64 (64 + 1) / 2 = 4,160 more than 41,936: 9.92 %.
TEST(PublishedTables, TheCascadesLevelsTakeATenthMore) {
  EXPECT_EQ(mzis_of_first_structure(), 41936);
  for (const TableRow& row : published_table("cascade").groups.front().rows) {
    EXPECT_EQ(onn::count_mzis(row.widths, row.approximated_layers(), row.servers).mzis, 41936 + 4160);
    EXPECT_NEAR(100 * 4160.0 / 41936, row.additional_mzis_percent.value(), 0.6);
  }
}

TEST(PublishedTables, ErrorSharesAddUpToAll) {
  for (const TableRow& row : published_table("table2").groups.front().rows) {
    double all = 0;
    for (const PublishedErrors& errors : row.errors) all += errors.share_percent;
    EXPECT_NEAR(all, row.accuracy_percent == 100 ? 0 : 100, 1e-9) << row.design;
  }
}

// The paper has no figures for constructed designs; all their layers are approximated.
TEST(PublishedTables, ConstructedDesignsStandApart) {
  for (const RowGroup& group : published_table("table1").groups) {
    for (const TableRow& row : group.rows) {
      const bool constructed = !row.accuracy_percent;
      EXPECT_EQ(constructed, row.design.ends_with("-constructed"));
      EXPECT_EQ(row.area_percent.has_value(), row.accuracy_percent.has_value());
      if (!constructed) continue;
      EXPECT_EQ(row.approximated_layers(), onn::LayerSet::parse("all", static_cast<int>(row.widths.size()) - 1));
    }
  }
}

}  // namespace
}  // namespace optinc::cli
