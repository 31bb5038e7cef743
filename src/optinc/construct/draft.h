// A circuit while it is being built: what it is for, what its wires carry so far, and its stages.
#pragma once

#include <cmath>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "optinc/construct/rows.h"
#include "optinc/verify/digits.h"

namespace optinc::construct {

inline double power_of_4(int exponent) {
  return std::ldexp(1.0, 2 * exponent);
}

/// D_e, and what of it is in the sum so far.
struct Digit : Value {
  std::vector<int> inputs;
  bool carry_in = false, carry_out = false;
};

/// What is left of an addend, and the place where it begins.
struct Rest : Value {
  int place = 0;
};

struct Draft {
  Draft(const device::DeviceShape& device, const Plan& plan_to_follow);

  // What is to be built.
  device::DeviceShape shape;
  Plan plan;
  verify::Digits known;
  std::map<int, int> most_carries;  ///< out of a position, where there can be one and a symbol to take it
  int lowest_needed = 0;            ///< position of a digit

  // What the wires of the last stage carry.
  std::map<int, Rest> rests;                     ///< by addend
  std::map<int, std::map<int, Sum>> shortfalls;  ///< of rests, by addend and threshold in steps of its lattice
  std::map<std::pair<int, int>, Value> fresh;    ///< digits that wait to be restored, by addend and place
  std::map<int, Digit> digits;                   ///< D by position
  std::map<int, Value> states;                   ///< t by position
  std::map<int, Value> carries;                  ///< c by position
  Value overflow;  ///< 1 where an average is over the highest code, which only light can bring about

  std::vector<Stage> stages;

  Rows rows(const Style& style) const { return {style, plan.powers_of_two}; }
  bool begins_a_run(int position) const { return !most_carries.contains(position - 1); }
  /// The rest of this addend has no digit left to be read by thresholds.
  bool is_read(int addend) const { return rests.at(addend).place < last_compared(addend); }
  /// Place of the last digit that thresholds tell; a finer one, if needed, is what remains.
  int last_compared(int addend) const;

  /// Carries on digits, and decimals that wait for a remainder or for symbol M; what digits are still to be read off,
  /// where not in this stage.
  void keep_digits(Rows& rows, bool unread_too = false);
  /// Digits behind the point and below `position` have done their work, unless decimals are wanted.
  void drop_decimals(int position);
  /// A stage is whole: what its wires stand for is said.
  void finish(Rows& rows, std::string name);
};

/// Says that `sum` of the stage's wires is this signal; of nothing, nothing is said.
void claim(Stage& stage, verify::Signal signal, const Sum& sum);

/// Stages that read the digits D_e of all inputs.
void find_digits(Draft& draft);
/// Stages that carry from one position to the next, behind those.
void find_carries(Draft& draft);

}  // namespace optinc::construct
