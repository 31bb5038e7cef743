// A mesh of interferometers as data: where its cells lie and how they are set. size (size - 1) / 2 cells and `size`
// phase shifters behind them make any unitary matrix.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace optinc::mesh {

enum class Layout {
  rectangular,  ///< `size` columns: W. R. Clements et al., Optica 3, 1460 (2016)
  triangular,   ///< 2 size - 3 columns: M. Reck et al., Phys. Rev. Lett. 73, 58 (1994)
};
enum class CellKind {
  mzi,
  three_mzi,  ///< with a third coupler: R. Hamerly et al., arXiv:2109.05367. Triangular meshes only.
};

std::string to_string(Layout layout);
Layout parse_layout(std::string_view text);
std::string to_string(CellKind kind);
CellKind parse_cell_kind(std::string_view text);

/// Cells of one column: `count` of them from cell number `first_cell`, on the modes first_mode, first_mode + 2, ...
struct Column {
  int first_mode;
  int count;
  std::size_t first_cell;
};

struct MeshShape {
  Layout layout = Layout::rectangular;
  int size = 1;  ///< modes, 1 or more
  CellKind kind = CellKind::mzi;

  std::size_t cells() const { return static_cast<std::size_t>(size) * (size - 1) / 2; }
  /// In the order in which light passes. Cells are numbered column by column, in a column from mode 0 on; a cell acts
  /// on modes m and m + 1.
  std::vector<Column> columns() const;

  bool operator==(const MeshShape&) const = default;
};

struct Mesh {
  MeshShape shape;
  std::vector<double> theta;         ///< [cells], rad, in [0, 2 pi)
  std::vector<double> phi;           ///< [cells], rad, in [0, 2 pi)
  std::vector<double> output_phase;  ///< [size], rad, in [0, 2 pi)

  bool operator==(const Mesh&) const = default;
};

}  // namespace optinc::mesh
