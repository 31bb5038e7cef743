// How the error of a mesh grows with its size and with the errors of its couplers, and what correction gets back.
#pragma once

#include <cstdint>
#include <vector>

#include "optinc/base/progress.h"
#include "optinc/mesh/decompose.h"

namespace optinc::mesh {

/// One way to build and program a mesh.
struct Scheme {
  MeshShape shape;  ///< its size is not used
  Correction correction = Correction::none;
};

/// E = ||U' - U||_F / sqrt(size) over Haar-random U, couplers with independent Gaussian errors of rms sigma (rad).
struct MeshError {
  int size = 0;
  double sigma = 0;
  int samples = 0;
  double mean = 0;
  double standard_error = 0;
};

/// `samples` of them, sample i a function of (seed, i) alone. threads 0: all.
MeshError mesh_error(const Scheme& scheme, int size, double sigma_rad, int samples, std::uint64_t seed, int threads);

/// The couplers of a mesh: independent Gaussian errors of rms sigma, a function of (seed, stream) and the cell.
std::vector<Couplers> draw_couplers(const MeshShape& shape, double sigma_rad, std::uint64_t seed, std::uint64_t stream);

/// E without correction is c sqrt(2 size) sigma, behind a correction c size sigma^2 (arXiv:2103.04993, 2106.04363): c
/// from the means of `errors`, each with the same weight in the logarithm.
double fitted_constant(const std::vector<MeshError>& errors, Correction correction);

}  // namespace optinc::mesh
