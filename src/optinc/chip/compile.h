// From a design to a mesh program.
#pragma once

#include <string>
#include <vector>

#include "optinc/base/progress.h"
#include "optinc/chip/program.h"
#include "optinc/onn/design.h"

namespace optinc::chip {

struct CompileOptions {
  mesh::Layout layout = mesh::Layout::rectangular;
  mesh::CellKind cell = mesh::CellKind::mzi;  ///< three_mzi wants triangular
  int threads = 0;                            ///< 0: all; the program does not depend on it
};

/// The program without its layers' largest outputs, which are left 0. Approximated layers: of every square the diagonal
/// and the orthogonal matrix nearest to its scaled rows (a float32 file leaves them about 1e-7 away from orthogonal);
/// the others, and P and T digit by digit, by their SVD.
Program assemble(const onn::Design& design, const std::string& name, const CompileOptions& options);

/// Sets them: largest [layers].
void set_largest_outputs(Program& program, const std::vector<double>& largest);

/// Both, over all possible inputs; `progress` (may be null) is told of inputs done.
Program compile(const onn::Design& design, const std::string& name, const CompileOptions& options,
                base::Progress* progress = nullptr);

}  // namespace optinc::chip
