// A square matrix that rotations of neighbouring rows and columns make diagonal: the inner loop of every decomposition.
#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <vector>

#include "optinc/linalg/unitary.h"
#include "optinc/mesh/mzi.h"

namespace optinc::mesh {

/// Planes of real and imaginary parts, so that vectors take eight numbers of one kind; a real matrix leaves the second
/// plane out.
class Elimination {
 public:
  /// The columns mode, mode + 1, to be rotated by what the entries of `row` in them call for.
  struct ColumnStep {
    int mode;
    int row;
  };
  /// Number of the step, and the entries of its row: -> the rotation that the two columns are multiplied by from the
  /// right.
  using Choose = std::function<Transfer(std::size_t step, Complex left, Complex right)>;

  enum class Arithmetic { real, complex };
  /// real: the matrix and all rotations are. With `keep_residues`, what a rotation should have made zero and did not is
  /// carried on; else it is taken for zero.
  Elimination(const linalg::ComplexMatrix& matrix, Arithmetic arithmetic, bool keep_residues);

  bool is_real() const { return im_.empty(); }
  Complex at(int row, int column) const;
  /// Rows mode, mode + 1 from column `first` on: multiplied by `left` from the left.
  void rotate_rows(int mode, int first, const Transfer& left);
  /// One step after another. Rows must not rise from step to step; below a step's row, both its columns are zero.
  void rotate_columns(std::span<const ColumnStep> steps, const Choose& choose);

  /// A step whose rotation is known.
  struct Rotation {
    int mode;
    Transfer right;
  };

 private:
  void load(int top, int first, int last);
  void store(int top, int first, int last);

  int size_;
  std::size_t stride_;  // between rows: size, rounded up to whole strips
  bool keep_residues_;
  std::vector<double> re_, im_;              // [stride, stride], zero beyond size
  std::vector<double> strip_re_, strip_im_;  // [columns][kStripRows]: eight rows, transposed
  std::vector<Rotation> known_;
};

}  // namespace optinc::mesh
