// The exact average as a threshold circuit: stages of sums with ReLU between them, nothing of it trained.
//
// The circuit works on base-4 digits, whatever s: A_k = sum_e v_(k,e) 4^e, e from s - 1 down to the lattice's finest
// place. What an input's digit weighs in the code decides its position: the digits at one position, of at most 1 +
// log_4 N + ... inputs, add up to D_e. Then symbol o_e = D_e + c_(e-1) - 4 c_e with carries c_e = floor((D_e + c_(e-1))
// / 4). Where constant light lifts an average over the highest code (level 2 of a cascade), all symbols stay at their
// highest. For servers N = 2^n the lattice of A_k ends at a digit, and digits below the last carry are never needed.
// For other N the decimals are divided as by hand, from the first input to the last: the remainder of input k, x_k =
// frac(A_k) + 4^s frac(x_(k-1)), has digits that add up with the others (verify/digits.h).
//
//   digits   the highest digits of every A_k by comparing with thresholds, and what remains of it; again and again;
//            then those of one remainder after the other
//   shortfalls of all thresholds that are not reached, where a step takes two stages, and the digits in the next one
//   restored digits once more by comparing them with their levels, before they are taken off what they were read from
//   sums     the digits D_e on wires of their own
//   states   of every D_e, what it makes of a carry that comes in: t_e = 0 swallows it, 1 hands it on, 2 makes one
//   carry    carries from the finest position up, one or more positions a stage; several at once by look-ahead: c_e =
//            [2^i t_e + ... + 2 t_(e-i+1) + t_(e-i) + c_(e-i-1) >= 2^(i+1)], or without states on sums of 4^i D_e
//   pass     symbols, unchanged, where the structure has layers left
//   symbols  the last layer
//
// A step [x >= t] on a lattice of pitch p is a ramp between two lattice points, of a share r of their distance: an
// error below (1 - r) p / 2 does not show, and noise of its two wires is amplified 1 / (r p) times. The circuit keeps
// that noise small: every wire uses the whole range 0 .. 1; a ramp is made of whichever side is shorter, relu(x - t)
// from above or relu(t - x) from below; wires may be repeated and averaged.
#pragma once

#include <string>
#include <vector>

#include "optinc/construct/sum.h"
#include "optinc/device/device_shape.h"
#include "optinc/verify/stages.h"

namespace optinc::construct {

/// One layer: its rows become wires through ReLU (the last stage's do not).
struct Stage {
  std::string name;
  std::vector<Sum> rows;
  std::vector<verify::Signal> signals;  ///< what its wires stand for (not of the last stage)
};

/// How a stage spends wires on bearing noise.
struct Style {
  double ramp = 1;    ///< share of the lattice's pitch that a step rises over, above 0, at most 1
  double repeat = 1;  ///< a step's wires stand so often, those of smaller range less often, each at least once
  /// A step's wire of a smaller range than this share of half its sum's uses no more of its own: a chip's errors grow
  /// with the largest weight of a layer.
  double least_range = 0.4;
  int keep = 1;  ///< wires that only carry a value on stand so often
};

enum class Lookahead { states, weighted_sums };

/// How to spend layers.
struct Plan {
  /// Every digit is read from wires of its own, and a stage "sums" adds them up: more wires, but the layers to and from
  /// them fall into squares with one entry a row and column, which as diagonal * orthogonal cost next to nothing.
  bool sums = false;
  int digits_at_once = 1;  ///< a stage takes so many digits of each input: 2 (4^digits - 1) wires an input
  Lookahead lookahead = Lookahead::states;
  int carry_stages = 0;        ///< 0 where there is nothing to carry; the stage of states not counted
  int layers = 2;              ///< all stages together; stages that only pass make up the number
  bool powers_of_two = false;  ///< of scales alone: more noise, but every sum is exact in float32
  int restore_digits = 0;  ///< so many stages, 0 .. 2, behind every one that reads digits bring them to their levels
                           ///< again
  bool restore_decimals = false;  ///< the same for decimals that go into a second or later remainder
  /// Digits are read, and decimals restored, by steps of two stages, relu(1 - relu(threshold - x) / width), one digit
  /// at a time: exact in float32 however fine the lattice, and nothing is left to restore of digits. Their style is
  /// that of digits, but for repeats.
  bool two_stage_steps = false;
  Style inputs{};  ///< of the first stage, whose inputs have no noise
  Style digits{.ramp = 0.6}, added{}, states{.ramp = 0.6}, carries{.ramp = 0.6};  ///< `added`: of the sums
};

/// What a shape needs of a plan: stages of digits and remainders, and carries to be dealt out over stages.
struct Demand {
  int digit_stages = 0;
  int carries = 0;
  bool states_suffice = false;  ///< no position carries more than 1
};
Demand demand(const device::DeviceShape& shape, const Plan& plan);

/// Sets the layers of a plan whose other choices are made: no stage only passes.
void count_layers(const device::DeviceShape& shape, Plan& plan);
/// Sets carry_stages, too, for so many carries a stage.
void count_stages(const device::DeviceShape& shape, int carries_at_once, Plan& plan);

/// The circuit for `shape`, on the lattice of every rounding (DeviceShape::on_every_rounding), by constant light in the
/// first bias right in every mode; nothing of `shape.rounding` is in it. Row e of the last
/// stage is symbol e, in levels.
std::vector<Stage> build_circuit(const device::DeviceShape& shape, const Plan& plan);

}  // namespace optinc::construct
