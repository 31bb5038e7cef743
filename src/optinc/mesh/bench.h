// A mesh on the bench: its couplers are its own secret, and all one learns of it is measured.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "optinc/linalg/unitary.h"
#include "optinc/mesh/mesh.h"
#include "optinc/mesh/mzi.h"

namespace optinc::mesh {

/// A triangular mesh with a power monitor on the upper output of every cell, and homodyne detectors at its end.
class Bench {
 public:
  /// couplers [cells]. Throws base::InputError for another layout, or another number of couplers.
  Bench(const MeshShape& shape, std::vector<Couplers> couplers);

  const MeshShape& shape() const { return mesh_.shape; }
  /// Fields [size] into the mesh, from now on.
  void send(const Eigen::VectorXcd& fields);
  void set_cell(std::size_t cell, double theta_rad, double phi_rad);
  void set_output_phase(int mode, double phase_rad) { mesh_.output_phase[mode] = phase_rad; }
  /// Power on the upper output of a cell.
  double measure_power(std::size_t cell);
  /// Field at an output.
  Complex measure_output(int mode);

  std::uint64_t measurements() const { return measurements_; }
  /// All settings.
  const Mesh& mesh() const { return mesh_; }

 private:
  /// Fields behind the cells 0 .. cell - 1; kept from call to call.
  const Eigen::VectorXcd& fields_before(std::size_t cell);
  void pass_cell(std::size_t cell, Eigen::VectorXcd& fields) const;

  Mesh mesh_;
  std::vector<Couplers> couplers_;
  std::vector<int> modes_;  // of each cell
  Eigen::VectorXcd input_;
  Eigen::VectorXcd fields_;  // behind the first passed_ cells
  std::size_t passed_ = 0;
  std::uint64_t measurements_ = 0;
};

/// Self-configuration of a mesh of unknown couplers (R. Hamerly et al., arXiv:2106.04363): for each output, from the
/// last on, the light that should leave there alone is sent in, and the cells on its way are set, one after another, to
/// the least power on their upper output. A power is a sine of phi, so three measurements find its least; theta is
/// searched.
void self_configure(Bench& bench, const linalg::ComplexMatrix& unitary);

}  // namespace optinc::mesh
