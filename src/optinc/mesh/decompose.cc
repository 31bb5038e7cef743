#include "optinc/mesh/decompose.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <utility>

#include "optinc/base/error.h"
#include "optinc/base/parallel.h"
#include "optinc/mesh/elimination.h"

namespace optinc::mesh {
namespace {

using std::numbers::pi;

/// Smaller than the rounding of one product: nothing is there.
constexpr double kNothing = 0x1p-54;

/// A split angle with its sine and cosine, and exp(-i phase).
struct Nulling {
  double split = pi / 2, sine = 1, cosine = 0;
  Complex turn = -1;

  double phase() const { return turn.imag() == 0 ? (turn.real() < 0 ? pi : 0) : -std::arg(turn); }
};

/// cos(split) |nulled| = sin(split) |kept|, within reach, and turn * nulled in the direction of sign * kept.
Nulling null(Complex nulled, Complex kept, double sign, const Reach& reach) {
  const double from = std::abs(nulled), to = std::abs(kept);
  Nulling result;
  if (from > kNothing) {
    const double length = std::hypot(from, to);
    result.split = std::atan2(to, from);
    result.sine = to / length, result.cosine = from / length;
    result.turn = to > kNothing ? sign * (std::conj(nulled) / from) * (kept / to) : 1;
  }
  if (result.split < reach.least_rad || result.split > reach.largest_rad) {
    result.split = std::clamp(result.split, reach.least_rad, reach.largest_rad);
    result.sine = std::sin(result.split), result.cosine = std::cos(result.split);
  }
  return result;
}

/// Number of the cell at (column, mode).
class CellFinder {
 public:
  explicit CellFinder(const MeshShape& shape) : columns_(shape.columns()) {}
  std::size_t operator()(int column, int mode) const {
    const Column& found = columns_[column];
    return found.first_cell + (mode - found.first_mode) / 2;
  }

 private:
  std::vector<Column> columns_;
};

void require_unitary(const linalg::ComplexMatrix& unitary, const MeshShape& shape) {
  base::require(unitary.rows() == unitary.cols() && unitary.rows() == shape.size,
                "decomposition of a {} x {} matrix: expected {} x {}", unitary.rows(), unitary.cols(), shape.size,
                shape.size);
  const double error = linalg::unitarity_error(unitary);
  base::require(
      error <= kUnitarityTolerance,
      "decomposition of a {0} x {0} matrix: the largest entry of U U^H - I is {1:.3g}, expected at most {2:g}",
      shape.size, error, kUnitarityTolerance);
}

/// Triangular: row after row from the last on, each from column 0 on.
/// choose(cell, left, right) gives the rotation of two columns.
template <typename ChooseCell>
void eliminate_triangle(Elimination& matrix, const MeshShape& shape, const ChooseCell& choose) {
  const CellFinder cell_at(shape);
  std::vector<Elimination::ColumnStep> steps;
  for (int row = shape.size - 1; row >= 1; --row) {
    steps.clear();
    for (int mode = 0; mode < row; ++mode) steps.push_back({mode, row});
    const int start = 2 * (shape.size - 1 - row);
    matrix.rotate_columns(steps, [&](std::size_t step, Complex left, Complex right) {
      const int mode = steps[step].mode;
      return choose(cell_at(start + mode, mode), left, right);
    });
  }
}

std::vector<double> diagonal_phases(const Elimination& matrix, int size) {
  std::vector<double> phases(size);
  for (int mode = 0; mode < size; ++mode) phases[mode] = std::arg(matrix.at(mode, mode));
  return phases;
}

Reach reach_of(std::span<const Couplers> couplers, std::size_t cell) {
  return couplers.empty() ? reach({}) : reach(couplers[cell]);
}

void require_couplers(std::span<const Couplers> couplers, const MeshShape& shape) {
  base::require(couplers.empty() || couplers.size() == shape.cells(), "couplers of {} cells: expected {}",
                couplers.size(), shape.cells());
}

}  // namespace

Rotations decompose(const linalg::ComplexMatrix& unitary, const MeshShape& shape, std::span<const Couplers> couplers) {
  base::require(shape.kind == CellKind::mzi, "decomposition into rotations: expected MZIs, got 3-MZIs");
  require_unitary(unitary, shape);
  require_couplers(couplers, shape);
  const int size = shape.size;
  using Arithmetic = Elimination::Arithmetic;
  Elimination matrix(unitary, unitary.imag().isZero(0) ? Arithmetic::real : Arithmetic::complex,
                     /*keep_residues=*/!couplers.empty());
  Rotations found{shape, std::vector<double>(shape.cells()), std::vector<double>(shape.cells()), {}};
  // Columns times (S diag(exp(i phase), 1))^H: the left entry becomes 0.
  const auto choose = [&](std::size_t cell, Complex left, Complex right) {
    const Nulling n = null(left, right, -1, reach_of(couplers, cell));
    found.split[cell] = n.split;
    found.phase[cell] = n.phase();
    return Transfer{n.sine * n.turn, n.cosine * n.turn, n.cosine, -n.sine};
  };
  if (shape.layout == Layout::triangular) {
    eliminate_triangle(matrix, shape, choose);
    found.output_phase = diagonal_phases(matrix, size);
    return found;
  }

  // Rectangular: antidiagonals from the lower left corner on, with columns and rows in turn.
  struct Left {
    int mode;
    std::size_t cell;
    double phase;  // behind its S
  };
  std::vector<Left> lefts;
  const CellFinder cell_at(shape);
  std::vector<Elimination::ColumnStep> steps;
  for (int i = 1; i < size; ++i) {
    if (i % 2 == 1) {
      steps.clear();
      for (int j = 0; j < i; ++j) steps.push_back({i - 1 - j, size - 1 - j});
      matrix.rotate_columns(steps, [&](std::size_t j, Complex left, Complex right) {
        return choose(cell_at(static_cast<int>(j), steps[j].mode), left, right);
      });
      continue;
    }
    for (int j = 1; j <= i; ++j) {
      // Rows times (diag(exp(i phase), 1) S)^H: the lower entry becomes 0.
      const int mode = size + j - i - 2;
      const std::size_t cell = cell_at(size - j, mode);
      const Complex upper = matrix.at(mode, j - 1), lower = matrix.at(mode + 1, j - 1);
      const Nulling n = null(lower, upper, 1, reach_of(couplers, cell));
      const Complex turn = std::conj(n.turn);
      matrix.rotate_rows(mode, j - 1, Transfer{n.sine * turn, n.cosine, n.cosine * turn, -n.sine});
      found.split[cell] = n.split;
      lefts.push_back({mode, cell, -n.phase()});
    }
  }
  // U = A_1 .. A_k D R with A = diag(exp(i phase), 1) S: the diagonals move to the left. S diag(d1, d2) = d2 S
  // diag(d1/d2, 1); a bar or cross state lets both phases through, so its own is free.
  std::vector<double>& d = found.output_phase;
  d = diagonal_phases(matrix, size);
  std::ranges::reverse(lefts);
  for (const Left& left : lefts) {
    double &upper = d[left.mode], &lower = d[left.mode + 1], &phase = found.phase[left.cell];
    const double split = found.split[left.cell];
    if (split == pi / 2) {
      phase = pi;
      upper = wrap_phase(upper + left.phase - pi);
    } else if (split == 0) {
      phase = 0;
      std::swap(upper, lower);
      upper = wrap_phase(upper + left.phase);
    } else {
      phase = wrap_phase(upper - lower);
      upper = wrap_phase(lower + left.phase);
    }
  }
  return found;
}

Mesh set_phases(const Rotations& rotations, std::span<const Couplers> couplers) {
  const MeshShape& shape = rotations.shape;
  require_couplers(couplers, shape);
  Mesh mesh{shape, std::vector<double>(shape.cells()), std::vector<double>(shape.cells()), {}};
  // Phases that cells left on the modes for those behind them.
  std::vector<double> left_over(shape.size, 0.0);
  for (const Column& column : shape.columns()) {
    for (int i = 0; i < column.count; ++i) {
      const std::size_t cell = column.first_cell + i;
      const int mode = column.first_mode + 2 * i;
      const Setting setting = setting_for(rotations.split[cell], couplers.empty() ? Couplers{} : couplers[cell]);
      double &upper = left_over[mode], &lower = left_over[mode + 1];
      const double phase = rotations.phase[cell] + upper, behind = setting.upper_rad + setting.input_rad;
      mesh.theta[cell] = setting.theta_rad;
      if (rotations.split[cell] == pi / 2) {  // light stays on its modes, so do its phases
        mesh.phi[cell] = pi;
        upper = wrap_phase(phase - pi - behind);
        lower = wrap_phase(lower - setting.lower_rad);
      } else if (rotations.split[cell] == 0) {  // they change places
        mesh.phi[cell] = 0;
        upper = wrap_phase(lower - setting.upper_rad);
        lower = wrap_phase(phase - setting.lower_rad - setting.input_rad);
      } else {
        mesh.phi[cell] = wrap_phase(phase - lower - setting.input_rad);
        upper = wrap_phase(lower - setting.upper_rad);
        lower = wrap_phase(lower - setting.lower_rad);
      }
    }
  }
  for (int mode = 0; mode < shape.size; ++mode) {
    mesh.output_phase.push_back(wrap_phase(rotations.output_phase[mode] + left_over[mode]));
  }
  return mesh;
}

Mesh configure_three_mzi(const linalg::ComplexMatrix& unitary, const MeshShape& shape,
                         std::span<const Couplers> couplers) {
  base::require(shape.kind == CellKind::three_mzi && shape.layout == Layout::triangular,
                "a {} mesh of cells {}: expected a triangular one of 3-MZIs", to_string(shape.layout),
                to_string(shape.kind));
  require_unitary(unitary, shape);
  require_couplers(couplers, shape);
  Elimination matrix(unitary, Elimination::Arithmetic::complex, /*keep_residues=*/!couplers.empty());
  Mesh mesh{shape, std::vector<double>(shape.cells()), std::vector<double>(shape.cells()), {}};
  // Columns times T^H: the left entry becomes 0 when T takes the conjugate of both to its lower mode.
  eliminate_triangle(matrix, shape, [&](std::size_t cell, Complex left, Complex right) {
    const Couplers errors = couplers.empty() ? Couplers{} : couplers[cell];
    const Transfer third = coupler(errors.third);
    const Complex upper = third.a * std::conj(left) + third.b * std::conj(right);
    const Complex lower = third.c * std::conj(left) + third.d * std::conj(right);
    const Setting setting = setting_for(std::atan2(std::abs(lower), std::abs(upper)), errors);
    const Transfer t = mzi(setting.theta_rad, 0, errors);
    // a exp(i phi) upper + b lower = 0.
    const Complex to = t.b * lower, from = t.a * upper;
    const double phi =
        std::abs(to) > kNothing && std::abs(from) > kNothing ? wrap_phase(pi + std::arg(to) - std::arg(from)) : 0;
    mesh.theta[cell] = wrap_phase(setting.theta_rad);
    mesh.phi[cell] = phi;
    return three_mzi(mesh.theta[cell], phi, errors).adjoint();
  });
  for (const double phase : diagonal_phases(matrix, shape.size)) mesh.output_phase.push_back(wrap_phase(phase));
  return mesh;
}

std::string to_string(Correction correction) {
  switch (correction) {
    case Correction::none:
      return "none";
    case Correction::local:
      return "local";
    default:
      return "self-configured";
  }
}

Correction parse_correction(std::string_view text) {
  for (const Correction correction : {Correction::none, Correction::local, Correction::self_configured}) {
    if (text == to_string(correction)) return correction;
  }
  base::refuse("correction '{}': expected none, local or self-configured", text);
}

Mesh program(const linalg::ComplexMatrix& unitary, const MeshShape& shape, Correction correction,
             std::span<const Couplers> couplers) {
  const std::span<const Couplers> ideal;
  const bool self = correction == Correction::self_configured;
  if (shape.kind == CellKind::three_mzi) {
    base::require(correction != Correction::local, "correction local: expected none or self-configured for 3-MZIs");
    return configure_three_mzi(unitary, shape, self ? couplers : ideal);
  }
  return set_phases(decompose(unitary, shape, self ? couplers : ideal),
                    correction == Correction::none ? ideal : couplers);
}

std::vector<Mesh> program_all(std::span<const linalg::ComplexMatrix> unitaries, Layout layout, CellKind kind,
                              int threads) {
  std::vector<Mesh> meshes(unitaries.size());
  base::parallel_for(unitaries.size(), 1, threads, [&](std::size_t index, std::size_t, int) {
    const linalg::ComplexMatrix& unitary = unitaries[index];
    meshes[index] = program(unitary, {layout, static_cast<int>(unitary.rows()), kind});
  });
  return meshes;
}

}  // namespace optinc::mesh
