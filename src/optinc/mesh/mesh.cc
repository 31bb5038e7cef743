#include "optinc/mesh/mesh.h"

#include <algorithm>

#include "optinc/base/error.h"

namespace optinc::mesh {

std::string to_string(Layout layout) {
  return layout == Layout::rectangular ? "rectangular" : "triangular";
}

Layout parse_layout(std::string_view text) {
  base::require(text == "rectangular" || text == "triangular", "layout '{}': expected rectangular or triangular", text);
  return text == "rectangular" ? Layout::rectangular : Layout::triangular;
}

std::string to_string(CellKind kind) {
  return kind == CellKind::mzi ? "mzi" : "3-mzi";
}

CellKind parse_cell_kind(std::string_view text) {
  base::require(text == "mzi" || text == "3-mzi", "cell '{}': expected mzi or 3-mzi", text);
  return text == "mzi" ? CellKind::mzi : CellKind::three_mzi;
}

std::vector<Column> MeshShape::columns() const {
  std::vector<Column> columns;
  std::size_t cell = 0;
  const int depth = size == 1 ? 0 : layout == Layout::rectangular ? size : 2 * size - 3;
  for (int c = 0; c < depth && cell < cells(); ++c) {
    const int first = c % 2;
    const int last = layout == Layout::rectangular ? size - 2 : std::min(c, 2 * size - 4 - c);
    const int count = last < first ? 0 : (last - first) / 2 + 1;
    columns.push_back({first, count, cell});
    cell += static_cast<std::size_t>(count);
  }
  return columns;
}

}  // namespace optinc::mesh
