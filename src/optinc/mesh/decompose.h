// A unitary matrix as a mesh of rotations (Clements, Reck), and the phases that make it on given couplers.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "optinc/linalg/unitary.h"
#include "optinc/mesh/mesh.h"
#include "optinc/mesh/mzi.h"

namespace optinc::mesh {

/// The largest unitarity_error that a decomposition takes.
inline constexpr double kUnitarityTolerance = 1e-9;

/// What each cell has to do, whatever its couplers: U = diag(exp(i output_phase)) * product of the cells' S(split)
/// diag(exp(i phase), 1), light passing the cells in their order (mesh.h, mzi.h).
///
/// Where the phases of a cell are not unique, it is the identity if it has nothing to do: split pi/2, phase pi, thus
/// theta = phi = pi with ideal couplers; and where it takes all light across, split 0, its phase is 0.
struct Rotations {
  MeshShape shape;
  std::vector<double> split;         ///< [cells], rad, 0 .. pi/2
  std::vector<double> phase;         ///< [cells], rad
  std::vector<double> output_phase;  ///< [size], rad
};

/// Splits that the couplers [cells] don't reach become the nearest that they do, and the cells that come after in the
/// decomposition make up for it: self-configuration (R. Hamerly et al., arXiv:2106.04363) by a model of the couplers.
/// Empty: ideal couplers. Real matrices take real arithmetic; their phases are 0 and pi. Throws base::InputError for a
/// matrix that is not square, or further from unitary than kUnitarityTolerance, with its distance, and for 3-MZIs.
Rotations decompose(const linalg::ComplexMatrix& unitary, const MeshShape& shape,
                    std::span<const Couplers> couplers = {});

/// The phases with which cells with these couplers (empty: ideal) do the rotations; each is wrapped as it is found,
/// none is a sum over the mesh. Cells that can't, come as near as they can: local correction (S. Bandyopadhyay et al.,
/// arXiv:2103.04993). Exact where all splits are within reach.
Mesh set_phases(const Rotations& rotations, std::span<const Couplers> couplers = {});

/// A triangular mesh of 3-MZIs by self-configuration on a model of the couplers [cells]; empty: ideal ones. Throws as
/// decompose does.
Mesh configure_three_mzi(const linalg::ComplexMatrix& unitary, const MeshShape& shape,
                         std::span<const Couplers> couplers = {});

/// What a mesh is told about its couplers when it is programmed.
enum class Correction {
  none,             ///< nothing: programmed for ideal couplers
  local,            ///< every cell makes up for its own couplers
  self_configured,  ///< cells also make up for what the ones before could not do
};
std::string to_string(Correction correction);
Correction parse_correction(std::string_view text);

/// The mesh that makes `unitary` with these couplers [cells]. 3-MZIs know no local correction: base::InputError.
Mesh program(const linalg::ComplexMatrix& unitary, const MeshShape& shape, Correction correction = Correction::none,
             std::span<const Couplers> couplers = {});

/// program(...) for many: over `threads` threads (0: all). Unitaries of any sizes; all with ideal couplers.
std::vector<Mesh> program_all(std::span<const linalg::ComplexMatrix> unitaries, Layout layout, CellKind kind,
                              int threads);

}  // namespace optinc::mesh
