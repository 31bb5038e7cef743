#include "optinc/cli/published_tables.h"

#include <utility>

#include "optinc/base/error.h"
#include "optinc/onn/mzi_count.h"

namespace optinc::cli {
namespace {

constexpr const char* kConstructedGroup =
    "constructed, all layers approximated: nothing published to compare with, and little noise borne";

const std::vector<int> kBits8Servers4 = {4, 64, 128, 256, 128, 64, 4};
const std::vector<int> kBits8Servers8 = {4, 64, 128, 256, 512, 256, 128, 64, 4};
const std::vector<int> kBits8Servers16 = {4, 64, 128, 256, 512, 1024, 512, 256, 128, 64, 4};
const std::vector<int> kBits16Servers4 = {4, 64, 128, 256, 512, 256, 128, 64, 8};
// Table I's for 8 bits and 4 servers, with 64 x 64 behind the first layer and before the last.
const std::vector<int> kCascade = {4, 64, 64, 128, 256, 128, 64, 64, 4};

/// The paper's rows, the same weights rounding to nearest, and constructions of which the paper has no like.
/// The same devices and structures with every layer approximated, constructed. The paper has none.
RowGroup constructed_of(const std::vector<TableRow>& rows) {
  RowGroup constructed{kConstructedGroup, rows};
  for (TableRow& row : constructed.rows) {
    row.design += "-constructed";
    row.approximated = onn::LayerSet::parse("all", static_cast<int>(row.widths.size()) - 1).to_string();
    row.accuracy_percent.reset();
    row.area_percent.reset();
    row.additional_mzis_percent.reset();
  }
  return constructed;
}

PublishedTable table_1() {
  const std::vector<TableRow> rows = {
      {.design = "b8-n4",
       .servers = 4,
       .widths = kBits8Servers4,
       .approximated = "1-6",
       .accuracy_percent = 100,
       .area_percent = 39.3},
      {.design = "b8-n8",
       .servers = 8,
       .widths = kBits8Servers8,
       .approximated = "2-7",
       .accuracy_percent = 100,
       .area_percent = 40.9},
      {.design = "b8-n16",
       .servers = 16,
       .widths = kBits8Servers16,
       .approximated = "2-9",
       .accuracy_percent = 100,
       .area_percent = 40.4},
      {.design = "b16-n4",
       .bits = 16,
       .widths = kBits16Servers4,
       .approximated = "4-6",
       .accuracy_percent = 100,
       .area_percent = 49.3},
  };
  RowGroup nearest{"rounding to nearest instead of down", rows};
  for (TableRow& row : nearest.rows) {
    row.design += "-nearest";
    row.rounding = codec::Rounding::nearest;
  }
  return {"table1", "Table I: four devices", {{"as published", rows}, nearest, constructed_of(rows)}};
}

PublishedTable table_2() {
  RowGroup published{"as published", {}};
  const auto add = [&](const char* design, const char* approximated, double accuracy_percent, double area_percent,
                       std::vector<PublishedErrors> errors) {
    published.rows.push_back({.design = design,
                              .bits = 16,
                              .widths = kBits16Servers4,
                              .approximated = approximated,
                              .accuracy_percent = accuracy_percent,
                              .area_percent = area_percent,
                              .errors = std::move(errors)});
  };
  add("b16-n4", "4-6", 100, 49.3, {});
  add("b16-n4-l4-7", "4-7", 99.99986, 47.9, {{{-1, 1}, 90}, {{-64}, 10}});
  add("b16-n4-l4-8", "4-8", 99.99999, 47.4, {{{1024}, 100}});
  add("b16-n4-l3-6", "3-6", 99.98891, 43.7, {{{-1, 1}, 99}, {{-1024, 1024}, 0.9}, {{-4}, 0.1}});
  add("b16-n4-l3-7", "3-7", 99.99936, 42.2, {{{-4, 4}, 79.5}, {{-16}, 17}, {{12}, 3.5}});
  return {"table2", "Table II: more approximated layers, 16 bits and 4 servers", {published}};
}

PublishedTable cascade() {
  RowGroup published{"as published", {}};
  for (const onn::Role role : {onn::Role::cascade_level_1, onn::Role::cascade_level_2}) {
    published.rows.push_back({.design = role == onn::Role::cascade_level_1 ? "b8-n4-cascade-1" : "b8-n4-cascade-2",
                              .role = role,
                              .widths = kCascade,
                              .approximated = "1-8",
                              .accuracy_percent = 100,
                              .additional_mzis_percent = 10.5});
  }
  return {"cascade", "Section III-C: both levels of a cascade", {published, constructed_of(published.rows)}};
}

}  // namespace

onn::LayerSet TableRow::approximated_layers() const {
  return onn::LayerSet::parse(approximated, static_cast<int>(widths.size()) - 1);
}

const PublishedTable& published_table(std::string_view name) {
  static const std::vector<PublishedTable> tables = {table_1(), table_2(), cascade()};
  for (const PublishedTable& table : tables) {
    if (table.name == name) return table;
  }
  base::refuse("table \"{}\": expected table1, table2 or cascade", name);
}

std::int64_t mzis_of_first_structure() {
  const TableRow& row = published_table("table1").groups.front().rows.front();
  return onn::count_mzis(row.widths, row.approximated_layers(), row.servers).mzis;
}

}  // namespace optinc::cli
