#include "optinc/construct/circuit.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <span>
#include <utility>

#include <fmt/format.h>

namespace optinc::construct {
namespace {

using verify::Meaning;
using verify::Signal;

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

/// D_e, and what of it is in the sum so far.
struct Digit : Value {
  std::vector<int> inputs;
  bool carry_in = false, carry_out = false;
};

/// Collects the rows of one stage. What it returns is in terms of the stage's wires.
class Rows {
 public:
  Rows(const Style& style, bool powers_of_two) : style_(style), powers_of_two_(powers_of_two) {}

  /// relu(sum), scaled such that `range` becomes 1; the mean of as many wires as it is repeated.
  Sum wire(const Sum& sum, double range, int repeat = 1) {
    Sum mean;
    const double scale = powers_of_two_ ? std::exp2(std::ceil(std::log2(range))) : range;
    if (powers_of_two_) repeat = static_cast<int>(std::bit_ceil(static_cast<unsigned>(repeat)));
    for (int i = 0; i < repeat; ++i) {
      mean.weights[static_cast<int>(rows_.size())] = scale / repeat;
      rows_.push_back((1 / scale) * sum);
    }
    return mean;
  }
  /// The value itself, carried on.
  Value keep(const Value& value) {
    if (value.sum.weights.empty() || value.most <= 0) return {};
    return {wire(value.sum, value.most, style_.keep), value.most};
  }
  /// [value >= threshold] on a lattice of this pitch. The ramp rises from `low` to `high`; seen from above it is
  /// relu(x - low) - relu(x - high), seen from below its width less relu(high - x) - relu(low - x).
  Sum step(const Value& value, double threshold, double pitch) {
    const double share = powers_of_two_ ? std::exp2(std::floor(std::log2(style_.ramp))) : style_.ramp;
    const double width = share * pitch;
    const double low = threshold - (pitch + width) / 2, high = low + width;
    const bool from_above = value.most - low <= high;
    const double side = from_above ? 1 : -1;
    Sum ramp{{}, from_above ? 0 : width};
    for (const double corner : {low, high}) {
      const double range = from_above ? value.most - corner : corner;
      if (range <= kNothing * pitch) continue;
      const double half = value.most / 2;
      const int repeat = std::max(1, static_cast<int>(std::lround(style_.repeat * range / half)));
      ramp += (corner == low ? 1 : -1) *
              wire(side * (value.sum + Sum{{}, -corner}), std::max(range, style_.least_range * half), repeat);
    }
    return 1 / width * ramp;
  }
  Stage finish(std::string name) { return {std::move(name), std::move(rows_), {}}; }

 private:
  static constexpr double kNothing = 1e-9;  // a corner at the end of the range, but for rounding
  Style style_;
  bool powers_of_two_;
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
  /// What is left of an input, and the place where it begins.
  struct Rest : Value {
    int place = 0;
  };

  void find_digits() {
    for (std::size_t k = 0; k < positions_.inputs.size(); ++k) {
      rests_.push_back({{{{{static_cast<int>(k), 1.0}}, 0}, positions_.inputs[k].most}, positions_.inputs[k].highest});
    }
    const auto is_done = [&](std::size_t k) { return rests_[k].place < positions_.inputs[k].last_compared(); };
    for (int number = 1;; ++number) {
      bool all_done = true;
      for (std::size_t k = 0; k < rests_.size(); ++k) all_done = all_done && is_done(k);
      if (all_done) break;
      Rows rows(number == 1 ? plan_.inputs : plan_.digits, plan_.powers_of_two);
      keep_digits(rows);
      for (std::size_t k = 0; k < rests_.size(); ++k) {
        if (is_done(k)) continue;
        take_digits(static_cast<int>(k), rows);
        const int place = rests_[k].place;
        if (!is_done(k) || place < positions_.inputs[k].last) continue;
        // The last digit is what remains.
        add_digit(static_cast<int>(k), place,
                  {1 / power_of_4(place) * rests_[k].sum, positions_.inputs[k].most_digit(place)});
        rests_[k].sum = {};
      }
      finish(rows, fmt::format("digits {}", number));
    }
    if (!plan_.sums) return;
    Rows rows(plan_.added, plan_.powers_of_two);
    keep_digits(rows);
    finish(rows, "sums");
  }

  void keep_digits(Rows& rows) {
    for (auto& [position, digit] : digits_) static_cast<Value&>(digit) = rows.keep(digit);
  }

  /// Compares what remains of input k.
  void take_digits(int k, Rows& rows) {
    const Input& input = positions_.inputs[k];
    Rest& rest = rests_[k];
    const int lowest = std::max(rest.place - plan_.digits_at_once + 1, input.last_compared());
    const int thresholds = static_cast<int>(rest.most / power_of_4(lowest));
    std::vector<Sum> shared;
    const auto step = [&](int j) { return rows.step(rest, j * power_of_4(lowest), input.pitch); };
    for (int j = 1; j <= thresholds && !plan_.sums; ++j) shared.push_back(step(j));
    // sum_j factor(j) [rest >= j 4^lowest]
    const auto add_steps = [&](auto factor) {
      Sum sum;
      for (int j = 1; j <= thresholds; ++j) {
        if (factor(j) != 0) sum += factor(j) * (plan_.sums ? step(j) : shared[j - 1]);
      }
      return sum;
    };
    for (int up = 0; up <= rest.place - lowest; ++up) {
      const bool is_first = up == rest.place - lowest;
      const auto factor = [&](int j) { return (j % (1 << 2 * up) == 0) - 4 * (!is_first && j % (4 << 2 * up) == 0); };
      add_digit(k, lowest + up, {add_steps(factor), input.most_digit(lowest + up)});
    }
    Value left;
    if (input.needs_rest(lowest)) {
      left = {rows.keep(rest).sum + add_steps([&](int) { return -power_of_4(lowest); }),
              std::min(rest.most, power_of_4(lowest) - input.pitch)};
    }
    rest = {left, lowest - 1};
  }

  void add_digit(int k, int place, const Value& digit) {
    Digit& sum = digits_[positions_.inputs[k].unit + place];
    sum.sum += digit.sum;
    sum.most += digit.most;
    sum.inputs.push_back(k);
  }

  /// A stage is whole: what its wires stand for is said.
  void finish(Rows& rows, std::string name) {
    Stage stage = rows.finish(std::move(name));
    for (std::size_t k = 0; k < rests_.size(); ++k) {
      claim(stage, {.meaning = Meaning::rest, .input = static_cast<int>(k), .place = rests_[k].place}, rests_[k].sum);
    }
    for (const auto& [position, digit] : digits_) {
      Signal signal{.meaning = Meaning::digit,
                    .position = position,
                    .inputs = digit.inputs,
                    .carry_in = digit.carry_in,
                    .carry_out = digit.carry_out};
      std::ranges::sort(signal.inputs);
      claim(stage, std::move(signal), digit.sum);
    }
    for (const auto& [position, state] : states_) {
      claim(stage, {.meaning = Meaning::state, .position = position}, state.sum);
    }
    for (const auto& [position, carry] : carries_) {
      claim(stage, {.meaning = Meaning::carry, .position = position}, carry.sum);
    }
    if (!carries_.contains(shape_.symbols() - 1)) {
      claim(stage, {.meaning = Meaning::carry, .position = shape_.symbols() - 1}, overflow_.sum);
    }
    stages_.push_back(std::move(stage));
  }

  static void claim(Stage& stage, Signal signal, const Sum& sum) {
    if (sum.weights.empty()) return;  // nothing of it is left
    for (const auto& [wire, factor] : sum.weights) signal.readings.push_back({wire, factor});
    signal.constant = sum.constant;
    stage.signals.push_back(std::move(signal));
  }

  using Group = std::span<const int>;  // positions, from the finest up

  /// The carries of one group of positions after the other, a group a stage.
  void find_carries() {
    const bool by_states = plan_.lookahead == Lookahead::states;
    if (by_states && !positions_.most_carries.empty()) find_states();
    std::vector<int> pending;
    for (const auto& [position, most] : positions_.most_carries) {
      if (!by_states || !begins_a_run(position)) pending.push_back(position);
    }
    Group left(pending);
    for (int number = 1; !left.empty(); ++number) {
      const auto stages_left = static_cast<std::size_t>(std::max(1, plan_.carry_stages - number + 1));
      const Group group = left.first((left.size() + stages_left - 1) / stages_left);
      left = left.subspan(group.size());
      Rows rows(plan_.carries, plan_.powers_of_two);
      const std::map<int, Digit> before = digits_;
      overflow_ = rows.keep(overflow_);
      keep_digits(rows);
      if (by_states) {
        carry_by_states(group, left, rows);
      } else {
        carry_by_sums(group, before, rows);
      }
      drop_decimals(left.empty() ? shape_.symbols() : left.front());
      finish(rows, fmt::format("carry {}", number));
    }
    drop_decimals(shape_.symbols());
  }

  bool begins_a_run(int position) const { return !positions_.most_carries.contains(position - 1); }

  /// t_e of every position that can carry; where none can come in, the carry itself.
  void find_states() {
    Rows rows(plan_.states, plan_.powers_of_two);
    const std::map<int, Digit> before = digits_;
    drop_decimals(0);
    keep_digits(rows);
    for (const auto& [position, most] : positions_.most_carries) {
      const Value& digit = before.at(position);
      const int levels = levels_at(shape_, position);
      Value state;
      for (int threshold = begins_a_run(position) ? levels : levels - 1; threshold <= levels; ++threshold) {
        if (digit.most < threshold) continue;
        state.sum += rows.step(digit, threshold, 1);
        state.most += 1;
      }
      states_[position] = std::move(state);
    }
    // Those that wait for nothing are known here.
    for (const auto& [position, most] : positions_.most_carries) {
      if (!begins_a_run(position)) continue;
      take_carry(position, states_.at(position));
      states_.erase(position);
    }
    finish(rows, "states");
  }

  /// `later` positions wait for a stage to come.
  void carry_by_states(Group group, Group later, Rows& rows) {
    const std::map<int, Value> states = std::exchange(states_, {});
    const std::map<int, Value> carries = std::exchange(carries_, {});
    for (const int position : later) {
      states_[position] = rows.keep(states.at(position));
      if (const auto in = carries.find(position - 1); in != carries.end())
        carries_[position - 1] = rows.keep(in->second);
    }
    Value sum;
    double weight = 1;
    for (std::size_t i = 0; i < group.size(); ++i) {
      const int position = group[i];
      if (i == 0 || group[i - 1] != position - 1) {
        sum = carries.at(position - 1);
        weight = 1;
      }
      sum.sum += weight * states.at(position).sum;
      sum.most += weight * states.at(position).most;
      take_carry(position, {rows.step(sum, 2 * weight, 1), 1});
      weight *= 2;
    }
  }

  /// A position without a carry ends a run of those that look ahead.
  void carry_by_sums(Group group, const std::map<int, Digit>& before, Rows& rows) {
    carries_.clear();  // those of the stage before are in the digits
    Value sum;
    int base = 0;
    for (std::size_t i = 0; i < group.size(); ++i) {
      const int position = group[i];
      if (i == 0 || group[i - 1] != position - 1) {
        sum = {};
        base = position;
      }
      sum.sum += power_of_4(position - base) * before.at(position).sum;
      sum.most += power_of_4(position - base) * before.at(position).most;
      const double wrap = levels_at(shape_, position) * power_of_4(position - base);
      const int most = positions_.most_carries.at(position);
      Value carry{{}, static_cast<double>(most)};
      for (int j = 1; j <= most; ++j) carry.sum += rows.step(sum, j * wrap, 1);
      take_carry(position, carry);
    }
  }

  /// Out of `position`, into the next one.
  void take_carry(int position, const Value& carry) {
    carries_[position] = carry;
    if (const auto here = digits_.find(position); here != digits_.end()) {
      here->second.sum += -levels_at(shape_, position) * carry.sum;
      here->second.most = levels_at(shape_, position) - 1;
      here->second.carry_out = true;
    }
    if (position + 1 == shape_.symbols()) {
      overflow_ = carry;
    } else if (position + 1 >= digits_.begin()->first) {
      Digit& above = digits_[position + 1];
      above.sum += carry.sum;
      above.most += carry.most;
      above.carry_in = true;
    }
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
    for (int m = 0; m < symbols; ++m) outputs[m].sum += (levels_at(shape_, symbols - 1 - m) - 1) * overflow_.sum;
    while (static_cast<int>(stages_.size()) < plan_.layers - 1) {
      Rows rows({}, plan_.powers_of_two);
      for (Value& output : outputs) output = rows.keep(output);
      Stage stage = rows.finish("pass");
      for (int m = 0; m < symbols; ++m) {
        claim(stage, {.meaning = Meaning::symbol, .position = symbols - 1 - m}, outputs[m].sum);
      }
      stages_.push_back(std::move(stage));
    }
    Stage last{"symbols", {}, {}};
    for (const Value& output : outputs) last.rows.push_back(output.sum);
    stages_.push_back(std::move(last));
  }

  device::DeviceShape shape_;
  Plan plan_;
  Positions positions_;
  std::vector<Rest> rests_;       ///< by input
  std::map<int, Digit> digits_;   ///< d by position
  std::map<int, Value> states_;   ///< t by position, of the stage before
  std::map<int, Value> carries_;  ///< c by position, of the stage before
  Value overflow_;                ///< 1 where an average is over the highest code, which only light can bring about
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
  Demand result{0, static_cast<int>(positions.most_carries.size()), true};
  for (const auto& [position, most] : positions.most_carries) result.states_suffice &= most == 1;
  for (const Input& input : positions.inputs) {
    const int compared = std::max(0, input.highest - input.last_compared() + 1);
    result.digit_stages = std::max(result.digit_stages, (compared + digits_at_once - 1) / digits_at_once);
  }
  return result;
}

void count_stages(const device::DeviceShape& shape, int carries_at_once, Plan& plan) {
  const Demand needs = demand(shape, plan.digits_at_once);
  const bool has_states = plan.lookahead == Lookahead::states && needs.carries > 0;
  const int carries = needs.carries - (has_states ? 1 : 0);  // the first of a run is known with the states
  plan.carry_stages = (carries + carries_at_once - 1) / carries_at_once;
  plan.layers = needs.digit_stages + (plan.sums ? 1 : 0) + (has_states ? 1 : 0) + plan.carry_stages + 1;
}

std::vector<Stage> build_circuit(const device::DeviceShape& shape, const Plan& plan) {
  return Builder(shape, plan).build();
}

}  // namespace optinc::construct
