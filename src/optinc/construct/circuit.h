// The exact average as a threshold circuit: stages of sums with ReLU between them, nothing of it trained.
//
// The circuit works on base-4 digits, whatever s: A_k = sum_e v_(k,e) 4^e, e from s - 1 down to the lattice's finest
// place. What an input's digit weighs in the code decides its position: the digits at one position, of at most 1 +
// log_4 N + ... inputs, add up to d_e. Then symbol o_e = d_e + c_(e-1) - 4 c_e with carries c_e = floor((d_e + c_(e-1))
// / 4). Where constant light lifts an average over the highest code (level 2 of a cascade), all symbols stay at their
// highest. For servers N = 2^n the lattice of A_k ends at a digit, and digits below the last carry are never needed.
//
//   digits   the highest digits of every A_k by comparing with thresholds, and what remains of it; again and again
//   carry    carries from the finest position up, one or more positions a stage; several at once by look-ahead
//   pass     symbols, unchanged, where the structure has layers left
//   symbols  the last layer
//
// A step [x >= t] on a lattice of pitch p is a ramp between lattice points, (2/p) (relu(x - t + 3p/4) - relu(x - t +
// p/4)): errors below p/4 do not show. All wires are non-negative and between 1/2 and 1 at their largest; all weights
// are sums of few powers of two: in float32 the circuit is exact.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "optinc/device/device_shape.h"

namespace optinc::construct {

/// A linear function of the wires that lead to a stage.
struct Sum {
  std::map<int, double> weights;  ///< by number of the wire
  double constant = 0;

  Sum& operator+=(const Sum& other);
};
Sum operator+(Sum a, const Sum& b);
Sum operator*(double factor, Sum sum);

/// One layer: its rows become wires through ReLU (the last stage's do not).
struct Stage {
  std::string name;
  std::vector<Sum> rows;
};

/// How to spend layers.
struct Plan {
  int digits_at_once = 1;  ///< a stage takes so many digits of each input: 2 (4^digits - 1) wires an input
  int carry_stages = 0;    ///< 0 where there is nothing to carry
  int layers = 2;          ///< all stages together; stages that only pass make up the number
};

/// The stages that a shape needs: of digits, with so many digits at once, and the carries to be dealt out over stages.
struct Demand {
  int digit_stages = 0;
  int carries = 0;
};
Demand demand(const device::DeviceShape& shape, int digits_at_once);

/// The circuit for `shape`, on the lattice of every rounding; nothing of `shape.rounding` is in it. N is a power of
/// two. Row e of the last stage is symbol e, in levels.
std::vector<Stage> build_circuit(const device::DeviceShape& shape, const Plan& plan);

}  // namespace optinc::construct
