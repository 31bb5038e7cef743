#include "optinc/chip/smooth_field.h"

#include <cmath>
#include <numbers>

#include "optinc/base/gaussian.h"
#include "optinc/base/random.h"

namespace optinc::chip {
namespace {

constexpr std::size_t kWaves = 64;

}  // namespace

SmoothField::SmoothField(std::uint64_t seed, std::uint64_t stream, double length_um) : waves_(kWaves) {
  std::vector<double> numbers(3 * kWaves);
  base::gaussians(seed, stream, numbers.size(), numbers.data());
  for (std::size_t i = 0; i < kWaves; ++i) {
    // The third number's distribution function is uniform: a phase.
    const double uniform = std::erfc(-numbers[3 * i + 2] / std::numbers::sqrt2) / 2;
    waves_[i] = {numbers[3 * i] / length_um, numbers[3 * i + 1] / length_um, 2 * std::numbers::pi * uniform};
  }
}

double SmoothField::operator()(double x_um, double y_um) const {
  double sum = 0;
  for (const Wave& wave : waves_) sum += std::cos(wave.x_per_um * x_um + wave.y_per_um * y_um + wave.phase);
  return sum * std::sqrt(2.0 / kWaves);
}

}  // namespace optinc::chip
