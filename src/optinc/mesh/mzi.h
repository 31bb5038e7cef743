// One Mach-Zehnder interferometer (MZI): two directional couplers and two phase shifters.
//
//     mode m    --[phi]--+        +--[theta]--+        +--
//                        | coupler |           | coupler |
//     mode m+1  ---------+  first  +-----------+  second +--
//
// A coupler with the error e has the transfer matrix B(e) = [[cos h, i sin h], [i sin h, cos h]], h = pi/4 + e; ideal,
// it splits 50:50. The MZI is T = B(second) diag(exp(i theta), 1) B(first) diag(exp(i phi), 1). With ideal couplers
//
//     T = i exp(i theta/2) [[exp(i phi) sin(theta/2), cos(theta/2)], [exp(i phi) cos(theta/2), -sin(theta/2)]]:
//
// theta = 0 is the cross state, theta = pi the bar state, and theta = phi = pi the identity. (doc/notation.md has the
// way to other conventions.) A 3-MZI has a third coupler in front of phi: T B(third).
#pragma once

#include <complex>

namespace optinc::mesh {

using Complex = std::complex<double>;

/// [[a, b], [c, d]]: fields out of modes m, m+1 = this * fields in.
struct Transfer {
  Complex a = 1, b = 0, c = 0, d = 1;

  Transfer operator*(const Transfer& right) const;
  Transfer adjoint() const { return {std::conj(a), std::conj(c), std::conj(b), std::conj(d)}; }
};

/// Errors of a cell's couplers, rad: the angle h less pi/4.
struct Couplers {
  double first = 0;
  double second = 0;
  double third = 0;  ///< of a 3-MZI only

  bool operator==(const Couplers&) const = default;
};

/// Field transmission of the four arms, 0 .. 1: of phi's section and of theta's, in mode m and mode m+1.
struct Arms {
  double phi_upper = 1, phi_lower = 1, theta_upper = 1, theta_lower = 1;
};

Transfer coupler(double error_rad);
/// T of the head.
Transfer mzi(double theta_rad, double phi_rad, const Couplers& couplers = {}, const Arms& arms = {});
/// T B(third) of the head.
Transfer three_mzi(double theta_rad, double phi_rad, const Couplers& couplers = {}, const Arms& arms = {});

/// x wrapped into [0, 2 pi).
double wrap_phase(double x_rad);

// What a mesh asks of a cell is a rotation S(split) diag(exp(i phase), 1) with S(split) = [[sin, cos], [cos, -sin]] of
// the split angle, 0 (cross) .. pi/2 (bar). An MZI gives it up to phases of its outputs, which the cells behind take
// over: T(theta, phi) = diag(exp(i upper), exp(i lower)) S(split) diag(exp(i (phi + input)), 1).

/// The split angles that an MZI with these couplers reaches: |first + second| .. pi/2 - |first - second|.
struct Reach {
  double least_rad, largest_rad;
};
Reach reach(const Couplers& couplers);

/// theta, and the phases that come with it.
struct Setting {
  double theta_rad;
  double upper_rad, lower_rad, input_rad;
};
/// The setting that gives `split_rad`, or the nearest split within reach.
Setting setting_for(double split_rad, const Couplers& couplers = {});

}  // namespace optinc::mesh
