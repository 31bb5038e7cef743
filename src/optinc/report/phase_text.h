// A mesh's phases as text, small enough for hundreds of columns and modes: page.js paints them.
#pragma once

#include <string>

#include "optinc/report/light_runs.h"

namespace optinc::report {

/// Column by column, one character for each pair of neighbouring modes (so modes - 1 a column): '.' where no cell is,
/// else `phase` within 0 .. 2 pi in 64 steps, as one of 0-9 A-Z a-z - _. A phase that isn't finite is '.' too.
std::string phase_text(const DrawnMesh& mesh, double MeshCell::*phase);

}  // namespace optinc::report
