#include "optinc/mesh/error_law.h"

#include <cmath>

#include "optinc/base/error.h"
#include "optinc/base/gaussian.h"
#include "optinc/base/parallel.h"
#include "optinc/mesh/propagate.h"

namespace optinc::mesh {

std::vector<Couplers> draw_couplers(const MeshShape& shape, double sigma_rad, std::uint64_t seed,
                                    std::uint64_t stream) {
  constexpr std::size_t kCouplers = 3;
  std::vector<double> errors(kCouplers * shape.cells());
  base::gaussians(seed, stream, errors.size(), errors.data());
  std::vector<Couplers> couplers(shape.cells());
  for (std::size_t cell = 0; cell < couplers.size(); ++cell) {
    const double* const e = errors.data() + kCouplers * cell;
    couplers[cell] = {sigma_rad * e[0], sigma_rad * e[1], sigma_rad * e[2]};
  }
  return couplers;
}

MeshError mesh_error(const Scheme& scheme, int size, double sigma_rad, int samples, std::uint64_t seed, int threads) {
  base::require(samples >= 1, "{} samples: expected at least 1", samples);
  base::require(sigma_rad >= 0 && std::isfinite(sigma_rad), "sigma {}: expected 0 or more, in rad", sigma_rad);
  MeshShape shape = scheme.shape;
  shape.size = size;
  std::vector<double> errors(samples);
  base::parallel_for(samples, 1, threads, [&](std::size_t sample, std::size_t, int) {
    const linalg::ComplexMatrix wanted = linalg::random_unitary(size, seed, 2 * sample);
    const Parts parts{draw_couplers(shape, sigma_rad, seed, 2 * sample + 1), {}};
    const Mesh mesh = program(wanted, shape, scheme.correction, parts.couplers);
    errors[sample] = (Propagator(mesh, parts).matrix() - wanted).norm() / std::sqrt(static_cast<double>(size));
  });
  MeshError result{size, sigma_rad, samples, 0, 0};
  for (const double error : errors) result.mean += error / samples;
  double squares = 0;
  for (const double error : errors) squares += (error - result.mean) * (error - result.mean);
  if (samples > 1) result.standard_error = std::sqrt(squares / (samples - 1) / samples);
  return result;
}

double fitted_constant(const std::vector<MeshError>& errors, Correction correction) {
  double logarithms = 0;
  for (const MeshError& error : errors) {
    const double law = correction == Correction::none ? std::sqrt(2.0 * error.size) * error.sigma
                                                      : error.size * error.sigma * error.sigma;
    logarithms += std::log(error.mean / law);
  }
  return std::exp(logarithms / static_cast<double>(errors.size()));
}

}  // namespace optinc::mesh
