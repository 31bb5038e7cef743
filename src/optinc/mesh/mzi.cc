#include "optinc/mesh/mzi.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace optinc::mesh {

using std::numbers::pi;

Transfer Transfer::operator*(const Transfer& right) const {
  return {a * right.a + b * right.c, a * right.b + b * right.d, c * right.a + d * right.c, c * right.b + d * right.d};
}

Transfer coupler(double error_rad) {
  const double angle = pi / 4 + error_rad;
  const Complex through = std::cos(angle), across(0, std::sin(angle));
  return {through, across, across, through};
}

Transfer mzi(double theta_rad, double phi_rad, const Couplers& couplers, const Arms& arms) {
  const Transfer theta{std::polar(arms.theta_upper, theta_rad), 0, 0, arms.theta_lower};
  const Transfer phi{std::polar(arms.phi_upper, phi_rad), 0, 0, arms.phi_lower};
  return coupler(couplers.second) * theta * coupler(couplers.first) * phi;
}

Transfer three_mzi(double theta_rad, double phi_rad, const Couplers& couplers, const Arms& arms) {
  return mzi(theta_rad, phi_rad, couplers, arms) * coupler(couplers.third);
}

double wrap_phase(double x_rad) {
  const double wrapped = x_rad - 2 * pi * std::floor(x_rad / (2 * pi));
  return wrapped >= 0 && wrapped < 2 * pi ? wrapped : 0;
}

Reach reach(const Couplers& couplers) {
  return {std::abs(couplers.first + couplers.second), pi / 2 - std::abs(couplers.first - couplers.second)};
}

Setting setting_for(double split_rad, const Couplers& couplers) {
  if (couplers.first == 0 && couplers.second == 0) {
    const double theta = 2 * split_rad, common = pi / 2 + split_rad;
    return {theta, common, common, 0};
  }
  // |a|^2 of T is (1 + sin 2f sin 2s - cos 2f cos 2s cos theta) / 2 with the errors f and s. Set to sin^2 split, it
  // gives sin^2 and cos^2 of theta/2 as products, which lose no digits near the cross and bar states; a negative one is
  // out of reach. Source of the correction: S. Bandyopadhyay, R. Hamerly, D. Englund, arXiv:2103.04993.
  const double sum = couplers.first + couplers.second, difference = couplers.first - couplers.second;
  const double sine = std::sin(split_rad + sum) * std::sin(split_rad - sum);
  const double cosine = std::cos(split_rad + difference) * std::cos(split_rad - difference);
  const double theta = 2 * std::atan2(std::sqrt(std::max(sine, 0.0)), std::sqrt(std::max(cosine, 0.0)));
  const Transfer t = mzi(theta, 0, couplers);
  // Each phase from the larger entries; where a small one is exactly 0, its phase does not matter.
  const auto phase = [](const Complex& z) { return z == 0.0 ? 0.0 : std::arg(z); };
  if (std::norm(t.b) >= std::norm(t.a)) {
    const double upper = phase(t.b), input = phase(t.a) - upper;
    return {theta, upper, phase(t.c) - input, input};
  }
  const double lower = phase(-t.d), input = phase(t.c) - lower;
  return {theta, phase(t.a) - input, lower, input};
}

}  // namespace optinc::mesh
