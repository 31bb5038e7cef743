// The rows of one stage of a circuit, made so that noise grows as little as its style says.
#pragma once

#include <string>
#include <vector>

#include "optinc/construct/circuit.h"

namespace optinc::construct {

/// A value that the circuit carries, and the most that it can be. It is never negative.
struct Value {
  Sum sum;
  double most = 0;
};

/// Collects the rows of one stage. What it returns is in terms of the stage's wires.
class Rows {
 public:
  Rows(const Style& style, bool powers_of_two) : style_(style), powers_of_two_(powers_of_two) {}

  /// relu(sum), scaled such that `range` becomes 1; the mean of as many wires as it is repeated.
  Sum wire(const Sum& sum, double range, int repeat = 1);
  /// The value itself, carried on.
  Value keep(const Value& value);
  /// [value >= threshold] on a lattice of this pitch. The ramp rises from `low` to `high`; seen from above it is
  /// relu(x - low) - relu(x - high), seen from below its width less relu(high - x) - relu(low - x).
  Sum step(const Value& value, double threshold, double pitch);
  /// The same step in two stages. Of the first, relu(high - value), all of it but a constant: max(0, threshold - value)
  /// on the lattice.
  Sum shortfall(const Value& value, double threshold, double pitch);
  /// Of the second, relu(1 - shortfall / width): float32 has it exactly, whatever it rounds before.
  Sum reached(const Sum& shortfall, double pitch);

  Stage finish(std::string name) { return {std::move(name), std::move(rows_), {}}; }

 private:
  double width_of_ramps(double pitch) const;

  Style style_;
  bool powers_of_two_;
  std::vector<Sum> rows_;
};

}  // namespace optinc::construct
