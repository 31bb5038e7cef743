// What tests of meshes share.
#pragma once

#include <cstdint>
#include <vector>

#include "optinc/base/random.h"
#include "optinc/linalg/unitary.h"
#include "optinc/mesh/mesh.h"
#include "optinc/mesh/mzi.h"

namespace optinc::mesh {

/// Largest |entry| of a - b.
inline double distance(const linalg::ComplexMatrix& a, const linalg::ComplexMatrix& b) {
  return (a - b).cwiseAbs().maxCoeff();
}

/// Couplers whose errors are uniform on +-sqrt(3) rms.
inline std::vector<Couplers> random_couplers(const MeshShape& shape, double rms_rad, std::uint64_t seed) {
  const base::CounterStream stream(seed, 0);
  std::vector<Couplers> couplers(shape.cells());
  const auto draw = [&](std::size_t index) { return 3.4641016151377544 * rms_rad * (stream.uniform(index) - 0.5); };
  for (std::size_t i = 0; i < couplers.size(); ++i) couplers[i] = {draw(3 * i), draw(3 * i + 1), draw(3 * i + 2)};
  return couplers;
}

}  // namespace optinc::mesh
