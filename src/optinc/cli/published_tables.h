// What the paper publishes about its devices, as data (arXiv:2603.28290v1, Tables I and II and section III-C), and
// which of our designs stands beside each row.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "optinc/codec/rounding.h"
#include "optinc/onn/layer_set.h"
#include "optinc/onn/role.h"

namespace optinc::cli {

/// Error values that the paper gives one share to: ±1 is {-1, 1}.
struct PublishedErrors {
  std::vector<std::int64_t> values;
  double share_percent = 0;  ///< of all errors
};

/// A row, and the file of our design for it: DESIGN.safetensors. Percentages as they are printed; none where the paper
/// has nothing to compare with.
struct TableRow {
  std::string design;
  int bits = 8;
  int servers = 4;
  onn::Role role = onn::Role::single;
  codec::Rounding rounding = codec::Rounding::floor;
  std::vector<int> widths;
  std::string approximated;                       ///< as LayerSet::to_string writes it
  std::optional<double> accuracy_percent;         ///< of all possible inputs; five decimals
  std::optional<double> area_percent;             ///< MZIs with approximation by MZIs without; one decimal
  std::optional<double> additional_mzis_percent;  ///< beyond the structure of Table I, by the MZIs of that
  std::vector<PublishedErrors> errors;            ///< none: no errors

  onn::LayerSet approximated_layers() const;
};

/// Rows that are shown together, apart from the others.
struct RowGroup {
  std::string name;
  std::vector<TableRow> rows;
};

struct PublishedTable {
  std::string name;  ///< as the command line has it
  std::string title;
  /// The first has the paper's own rows.
  std::vector<RowGroup> groups;
};

inline constexpr const char* kPaper = "arXiv:2603.28290v1";

/// "table1", "table2" or "cascade". Throws base::InputError for any other name.
const PublishedTable& published_table(std::string_view name);

/// MZIs of the structure that a cascade's additional ones are counted against: Table I, 8 bits and 4 servers.
std::int64_t mzis_of_first_structure();

}  // namespace optinc::cli
