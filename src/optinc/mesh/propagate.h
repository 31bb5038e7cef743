// Light through a mesh, by two engines: cell after cell, or the mesh's matrix once and a matrix product.
#pragma once

#include <complex>
#include <cstddef>
#include <span>
#include <vector>

#include "optinc/linalg/unitary.h"
#include "optinc/mesh/mesh.h"
#include "optinc/mesh/mzi.h"

namespace optinc::mesh {

/// How the cells of a mesh were made; an empty list: ideal ones.
struct Parts {
  std::vector<Couplers> couplers;  ///< [cells]
  std::vector<Arms> arms;          ///< [cells]
};

enum class Engine { automatic, cells, matrix };

/// A mesh ready to pass light: every cell's transfer matrix, worked out once. One thread; call it from several.
class Propagator {
 public:
  /// Throws base::InputError for lists of other lengths than the shape's.
  explicit Propagator(const Mesh& mesh, const Parts& parts = {});

  int size() const { return shape_.size; }

  /// in [count, size] -> out [count, size], fields of each vector in the order of the modes. `automatic` takes the
  /// engine that is the faster one for so many vectors (propagate.perf.cc). Same call, same bits.
  void propagate(std::size_t count, const std::complex<double>* in, std::complex<double>* out,
                 Engine engine = Engine::automatic) const;
  void propagate(std::size_t count, const std::complex<float>* in, std::complex<float>* out,
                 Engine engine = Engine::automatic) const;

  /// The matrix [size, size] of the mesh: cell after cell, and of each only the columns that light has reached.
  linalg::ComplexMatrix matrix() const;

  /// From so many vectors on `automatic` builds the matrix: as measured at 64 and 256 modes.
  std::size_t crossover_double() const { return static_cast<std::size_t>(size()) * 7 / 4; }
  std::size_t crossover_float() const { return static_cast<std::size_t>(size()) * 5 / 2; }

 private:
  MeshShape shape_;
  std::vector<Column> columns_;
  std::vector<Transfer> cells_;
  std::vector<Complex> outputs_;  // exp(i output_phase)
};

namespace reference {
/// The same in plain loops.
linalg::ComplexMatrix matrix_of(const Mesh& mesh, const Parts& parts = {});
}  // namespace reference

}  // namespace optinc::mesh
