#include "optinc/construct/circuit.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <utility>

#include <fmt/format.h>

namespace optinc::construct {
namespace {

double power_of_4(int exponent) {
  return std::ldexp(1.0, 2 * exponent);
}

/// Levels of the symbol at a position: 4, but 2 of the first symbol of an odd number of bits.
int levels_at(const device::DeviceShape& shape, int position) {
  return shape.bits % 2 == 1 && position == shape.symbols() - 1 ? 2 : 4;
}

/// A value that the circuit carries, and the most that it can be. It is never negative.
struct Value {
  Sum sum;
  double most = 0;
};

/// Collects the rows of one stage. What it returns is in terms of the stage's wires.
class Rows {
 public:
  /// relu(sum), scaled such that the wire is at most 1.
  Sum wire(const Sum& sum, double most) {
    const double scale = std::exp2(-std::ceil(std::log2(most)));
    rows_.push_back(scale * sum);
    return {{{static_cast<int>(rows_.size()) - 1, 1 / scale}}, 0};
  }
  /// The value itself, carried on.
  Value keep(const Value& value) {
    if (value.sum.weights.empty() || value.most <= 0) return {};
    return {wire(value.sum, value.most), value.most};
  }
  /// [value >= threshold] on a lattice of this pitch.
  Sum step(const Value& value, double threshold, double pitch) {
    Sum result;
    for (const int side : {1, -1}) {
      const double corner = threshold - pitch / 2 - side * pitch / 4;
      result += side * 2 / pitch * wire(value.sum + Sum{{}, -corner}, value.most - corner);
    }
    return result;
  }
  Stage finish(std::string name) { return {std::move(name), std::move(rows_)}; }

 private:
  std::vector<Sum> rows_;
};

/// What an input's digits are: places are exponents of 4 in its own unit.
struct Input {
  int unit = 0;      ///< its unit weighs 4^unit in the code
  int highest = 0;   ///< place of its first digit
  int finest = 0;    ///< place of the last digit of its lattice
  int last = 0;      ///< place of the last digit that is needed
  double pitch = 1;  ///< of its lattice, levels
  double most = 0;   ///< level

  /// Thresholds tell the digits down to this place; a finer one, if needed, is what remains.
  int last_compared() const { return last > finest ? last : finest + 1; }
  bool needs_rest(int place) const { return place > last; }
  /// The most that the digit at `place` can be.
  double most_digit(int place) const {
    const double units = std::floor(most / power_of_4(place));
    if (place == highest) return units;
    return place == finest ? 4 - pitch / power_of_4(finest) : std::min(units, 3.0);
  }
};

/// The digits and carries that a shape needs, by position: exponent of 4 in the code.
struct Positions {
  std::vector<Input> inputs;
  std::map<int, int> most_carries;  ///< out of a position, where there can be one and a symbol to take it
  int lowest = 0;                   ///< position
};

Positions find_positions(device::DeviceShape shape) {
  shape.rounding = codec::Rounding::floor;
  shape.every_rounding = shape.role != onn::Role::cascade_level_1;
  Positions result;
  for (int k = 0; k < shape.inputs; ++k) {
    const int steps = shape.steps_per_level(k);
    const int places_after_point = (std::bit_width(static_cast<unsigned>(steps)) - 1 + 1) / 2;
    result.inputs.push_back({.unit = shape.shift_of_input(k) / 2,
                             .highest = (shape.bits_of_input(k) + 1) / 2 - 1,
                             .finest = -places_after_point,
                             .last = -places_after_point,
                             .pitch = 1.0 / steps,
                             .most = static_cast<double>(shape.last_step(k)) / steps});
    result.lowest = std::min(result.lowest, result.inputs[k].unit + result.inputs[k].finest);
  }
  // The top symbol has no carry, but where light lifts the largest average over the top (level 2 of a cascade).
  double most_code = 0;
  for (const Input& input : result.inputs) most_code += input.most * power_of_4(input.unit);
  const int end = shape.symbols() - (most_code < std::exp2(shape.bits) ? 1 : 0);
  int carry = 0;
  int lowest_needed = shape.role == onn::Role::cascade_level_1 ? result.lowest : 0;
  for (int position = result.lowest; position < end; ++position) {
    double most = carry;
    for (const Input& input : result.inputs) {
      const int place = position - input.unit;
      if (place >= input.finest && place <= input.highest) most += input.most_digit(place);
    }
    carry = static_cast<int>(most / levels_at(shape, position));
    if (carry == 0) continue;
    result.most_carries[position] = carry;
    lowest_needed = std::min(lowest_needed, position);
  }
  result.lowest = lowest_needed;
  for (Input& input : result.inputs) input.last = std::max(input.finest, lowest_needed - input.unit);
  return result;
}

class Builder {
 public:
  Builder(const device::DeviceShape& shape, const Plan& plan)
      : shape_(shape), plan_(plan), positions_(find_positions(shape)) {}

  std::vector<Stage> build() {
    find_digits();
    find_carries();
    write_symbols();
    return std::move(stages_);
  }

 private:
  void find_digits() {
    const auto& inputs = positions_.inputs;
    std::vector<Value> rest;
    std::vector<int> place;
    for (std::size_t k = 0; k < inputs.size(); ++k) {
      rest.push_back({{{{static_cast<int>(k), 1.0}}, 0}, inputs[k].most});
      place.push_back(inputs[k].highest);
    }
    const auto is_done = [&](std::size_t k) { return place[k] < inputs[k].last_compared(); };
    for (int number = 1;; ++number) {
      bool all_done = true;
      for (std::size_t k = 0; k < inputs.size(); ++k) all_done = all_done && is_done(k);
      if (all_done) break;
      Rows rows;
      for (auto& [position, digit] : digits_) digit = rows.keep(digit);
      for (std::size_t k = 0; k < inputs.size(); ++k) {
        if (is_done(k)) {
          rest[k] = rows.keep(rest[k]);
        } else {
          take_digits(inputs[k], rest[k], place[k], rows);
        }
      }
      stages_.push_back(rows.finish(fmt::format("digits {}", number)));
    }
    for (std::size_t k = 0; k < inputs.size(); ++k) {
      if (place[k] < inputs[k].last) continue;  // the last digit is what remains
      add_digit(inputs[k].unit + place[k], {1 / power_of_4(place[k]) * rest[k].sum, inputs[k].most_digit(place[k])});
    }
  }

  /// Compares what remains of an input; then `rest` is what is left and `place` where it begins.
  void take_digits(const Input& input, Value& rest, int& place, Rows& rows) {
    const int lowest = std::max(place - plan_.digits_at_once + 1, input.last_compared());
    const int thresholds = static_cast<int>(rest.most / power_of_4(lowest));
    std::vector<Sum> floors(place - lowest + 2);  // of the rest, by place less `lowest`; 0 above the first
    for (int j = 1; j <= thresholds; ++j) {
      const Sum step = rows.step(rest, j * power_of_4(lowest), input.pitch);
      for (int up = 0; up <= place - lowest && j % (1 << (2 * up)) == 0; ++up) floors[up] += step;
    }
    for (int up = 0; up <= place - lowest; ++up) {
      add_digit(input.unit + lowest + up, {floors[up] + -4 * floors[up + 1], input.most_digit(lowest + up)});
    }
    if (input.needs_rest(lowest)) {
      rest = {rows.keep(rest).sum + -power_of_4(lowest) * floors[0],
              std::min(rest.most, power_of_4(lowest) - input.pitch)};
    } else {
      rest = {};
    }
    place = lowest - 1;
  }

  void add_digit(int position, const Value& digit) {
    Value& sum = digits_[position];
    sum.sum += digit.sum;
    sum.most += digit.most;
  }

  /// Carries go up in groups of neighbouring positions, one group a stage.
  void find_carries() {
    const auto& carries = positions_.most_carries;
    auto next = carries.begin();
    for (int number = 1; next != carries.end(); ++number) {
      const auto left = static_cast<int>(std::distance(next, carries.end()));
      const int stages_left = std::max(1, plan_.carry_stages - number + 1);
      const auto end = std::next(next, (left + stages_left - 1) / stages_left);

      // First all values of this stage, then its wires.
      Rows rows;
      const std::map<int, Value> before = digits_;
      for (auto& [position, digit] : digits_) digit = rows.keep(digit);
      Value sum;
      int base = 0;
      for (; next != end; ++next) {
        const int position = next->first;
        if (sum.sum.weights.empty()) base = position;
        sum.sum += power_of_4(position - base) * before.at(position).sum;
        sum.most += power_of_4(position - base) * before.at(position).most;
        const int levels = levels_at(shape_, position);
        const double wrap = levels * power_of_4(position - base);
        Sum carry;
        for (int j = 1; j <= next->second; ++j) carry += rows.step(sum, j * wrap, 1);
        Value& here = digits_.at(position);
        here.sum += -levels * carry;
        here.most = levels - 1;
        if (position + 1 < shape_.symbols()) {
          Value& above = digits_[position + 1];
          above.sum += carry;
          above.most += next->second;
        } else {
          overflow_ = carry;  // in the last of these stages
        }
        // A position without a carry ends the run of those that look ahead.
        if (std::next(next) != end && std::next(next)->first != position + 1) sum = {};
      }
      drop_decimals(next == carries.end() ? shape_.symbols() : next->first);
      stages_.push_back(rows.finish(fmt::format("carry {}", number)));
    }
    drop_decimals(shape_.symbols());
  }

  /// Digits behind the point and below `position` have done their work, unless decimals are wanted.
  void drop_decimals(int position) {
    if (shape_.role == onn::Role::cascade_level_1) return;
    digits_.erase(digits_.begin(), digits_.lower_bound(std::min(position, 0)));
  }

  void write_symbols() {
    const int symbols = shape_.symbols();
    std::vector<Value> outputs(symbols);
    for (const auto& [position, digit] : digits_) {
      Value& output = outputs[symbols - 1 - std::max(position, 0)];
      const double weight = power_of_4(std::min(position, 0));
      output.sum += weight * digit.sum;
      output.most += weight * digit.most;
    }
    // Over the top by less than a step: all symbols have come round to 0, and stay at the highest code.
    for (int m = 0; m < symbols; ++m) outputs[m].sum += (levels_at(shape_, symbols - 1 - m) - 1) * overflow_;
    while (static_cast<int>(stages_.size()) < plan_.layers - 1) {
      Rows rows;
      for (Value& output : outputs) output = rows.keep(output);
      stages_.push_back(rows.finish("pass"));
    }
    Stage last{"symbols", {}};
    for (const Value& output : outputs) last.rows.push_back(output.sum);
    stages_.push_back(std::move(last));
  }

  device::DeviceShape shape_;
  Plan plan_;
  Positions positions_;
  std::map<int, Value> digits_;  ///< d by position
  Sum overflow_;                 ///< 1 where an average is over the highest code, which only light can bring about
  std::vector<Stage> stages_;
};

}  // namespace

Sum& Sum::operator+=(const Sum& other) {
  for (const auto& [wire, weight] : other.weights) weights[wire] += weight;
  constant += other.constant;
  return *this;
}

Sum operator+(Sum a, const Sum& b) {
  return a += b;
}

Sum operator*(double factor, Sum sum) {
  for (auto& [wire, weight] : sum.weights) weight *= factor;
  sum.constant *= factor;
  return sum;
}

Demand demand(const device::DeviceShape& shape, int digits_at_once) {
  const Positions positions = find_positions(shape);
  Demand result{0, static_cast<int>(positions.most_carries.size())};
  for (const Input& input : positions.inputs) {
    const int compared = std::max(0, input.highest - input.last_compared() + 1);
    result.digit_stages = std::max(result.digit_stages, (compared + digits_at_once - 1) / digits_at_once);
  }
  return result;
}

std::vector<Stage> build_circuit(const device::DeviceShape& shape, const Plan& plan) {
  return Builder(shape, plan).build();
}

}  // namespace optinc::construct
