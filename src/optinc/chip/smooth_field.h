// Variation that is alike in places near each other, as over a wafer.
#pragma once

#include <cstdint>
#include <vector>

namespace optinc::chip {

/// A Gaussian random field of unit variance with correlation exp(-d^2 / (2 length^2)) at distance d, to the accuracy of
/// 64 random plane waves (A. Rahimi, B. Recht, NIPS 2007). A function of (seed, stream) and the place.
class SmoothField {
 public:
  SmoothField(std::uint64_t seed, std::uint64_t stream, double length_um);
  double operator()(double x_um, double y_um) const;

 private:
  struct Wave {
    double x_per_um, y_per_um, phase;
  };
  std::vector<Wave> waves_;
};

}  // namespace optinc::chip
