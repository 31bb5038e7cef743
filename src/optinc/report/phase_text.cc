#include "optinc/report/phase_text.h"

#include <cmath>
#include <numbers>
#include <string_view>

namespace optinc::report {

std::string phase_text(const DrawnMesh& mesh, double MeshCell::*phase) {
  constexpr std::string_view kSteps = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_";
  constexpr double kTurn = 2 * std::numbers::pi;
  const std::uint64_t pairs = mesh.modes - 1;
  std::string text(mesh.columns * pairs, '.');
  for (const MeshCell& cell : mesh.cells) {
    if (!std::isfinite(cell.*phase)) continue;
    const double turns = cell.*phase / kTurn;
    const auto step = static_cast<std::size_t>((turns - std::floor(turns)) * static_cast<double>(kSteps.size()));
    text[cell.column * pairs + cell.mode] = kSteps[step % kSteps.size()];
  }
  return text;
}

}  // namespace optinc::report
