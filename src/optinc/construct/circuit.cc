#include "optinc/construct/circuit.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <span>
#include <utility>

#include <fmt/format.h>

#include "optinc/verify/digits.h"

namespace optinc::construct {
namespace {

using verify::Meaning;
using verify::Signal;

double power_of_4(int exponent) {
  return std::ldexp(1.0, 2 * exponent);
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

class Builder {
 public:
  Builder(const device::DeviceShape& shape, const Plan& plan)
      : shape_(shape), plan_(plan), known_(with_every_rounding(shape)), lowest_needed_(known_.lowest()) {
    // The top symbol has no carry, but where light lifts the largest average over the top (level 2 of a cascade).
    for (int position = known_.lowest(); position <= known_.top(); ++position) {
      if (const double most = known_.most_carry(position); most > 0) most_carries_[position] = static_cast<int>(most);
    }
    if (shape.role == onn::Role::cascade_level_1) return;
    lowest_needed_ = most_carries_.empty() ? 0 : std::min(0, most_carries_.begin()->first);
  }

  /// Out of a position, where there can be one and a symbol to take it.
  const std::map<int, int>& most_carries() const { return most_carries_; }

  int count_digit_stages() {
    find_digits();
    return static_cast<int>(stages_.size()) - (plan_.sums ? 1 : 0);
  }

  std::vector<Stage> build() {
    find_digits();
    find_carries();
    write_symbols();
    return std::move(stages_);
  }

 private:
  /// What is left of an addend, and the place where it begins.
  struct Rest : Value {
    int place = 0;
  };

  // --- which digits are needed

  /// Place of the last digit that thresholds tell; a finer one, if needed, is what remains.
  int last_compared(int addend) const {
    if (known_.has_remainders()) return 0;
    const int last = lowest_needed_ - known_.unit(addend);
    return last > known_.finest(addend) ? last : known_.finest(addend) + 1;
  }
  bool needs_rest(int addend, int place) const {
    if (!known_.has_remainders()) return place > std::max(known_.finest(addend), lowest_needed_ - known_.unit(addend));
    const bool is_last = addend == (shape_.inputs == 1 ? 0 : 1 - shape_.inputs);
    return place > 0 || !is_last || known_.decimals();
  }
  double most_digit(int addend, int place) const { return known_.most_digits({addend}, place + known_.unit(addend)); }
  bool is_done(int addend) const { return rests_.at(addend).place < last_compared(addend); }
  bool are_all_done() const {
    return std::ranges::all_of(rests_, [&](const auto& each) { return is_done(each.first); });
  }

  void find_digits() {
    for (int k = 0; k < shape_.inputs; ++k) rests_[k] = {{{{{k, 1.0}}, 0}, known_.most(k)}, known_.highest(k)};
    for (int number = 1; !are_all_done(); ++number) {
      Rows rows(number == 1 ? plan_.inputs : plan_.digits, plan_.powers_of_two);
      keep_digits(rows);
      bool is_any_left = false;
      for (auto& [addend, rest] : rests_) {
        if (is_done(addend)) continue;
        is_any_left |= needs_rest(addend, std::max(rest.place - plan_.digits_at_once + 1, last_compared(addend)));
      }
      const bool restores = plan_.restore_digits > 0 && is_any_left;
      for (auto& [addend, rest] : rests_) {
        if (!is_done(addend)) take_digits(addend, restores, rows);
      }
      finish(rows, fmt::format("digits {}", number));
      if (restores) restore_digits(number);
      begin_remainders();
    }
    if (!plan_.sums) return;
    Rows rows(plan_.added, plan_.powers_of_two);
    keep_digits(rows);
    finish(rows, "sums");
  }

  /// Digits, and decimals that wait for a remainder or for symbol M; what digits are still to be read off, where not in
  /// this stage.
  void keep_digits(Rows& rows, bool unread_too = false) {
    for (auto& [position, digit] : digits_) static_cast<Value&>(digit) = rows.keep(digit);
    for (auto& [addend, rest] : rests_) {
      if (unread_too || is_done(addend)) static_cast<Value&>(rest) = rows.keep(rest);
    }
  }

  /// Compares what remains of an addend.
  void take_digits(int addend, bool restores, Rows& rows) {
    Rest& rest = rests_.at(addend);
    const double pitch = known_.pitch(addend);
    const int lowest = std::max(rest.place - plan_.digits_at_once + 1, last_compared(addend));
    const auto thresholds = static_cast<int>((rest.most + pitch / 2) / power_of_4(lowest));
    std::vector<Sum> shared;
    const auto step = [&](int j) { return rows.step(rest, j * power_of_4(lowest), pitch); };
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
      const Value digit{add_steps(factor), most_digit(addend, lowest + up)};
      if (restores) {
        fresh_[{addend, lowest + up}] = digit;
      } else {
        add_digit(addend, lowest + up, digit);
      }
    }
    if (restores) {
      static_cast<Value&>(rest) = rows.keep(rest);
      return;
    }
    Value left;
    if (needs_rest(addend, lowest)) {
      left = {rows.keep(rest).sum + add_steps([&](int) { return -power_of_4(lowest); }),
              known_.most_rest(addend, lowest - 1)};
    }
    rest = {left, lowest - 1};
    take_last_digit(addend);
  }

  /// Steps on a fine lattice are steep, and float32's rounding shows in them. Before a digit is taken off what it was
  /// read from, it is brought to its levels again.
  void restore_digits(int number) {
    for (int left = plan_.restore_digits - 1; left >= 0; --left) {
      Rows rows(plan_.digits, plan_.powers_of_two);
      keep_digits(rows, /*unread_too=*/true);
      for (auto& [which, digit] : fresh_) {
        Value restored{{}, digit.most};
        for (int j = 1; j <= digit.most; ++j) restored.sum += rows.step(digit, j, 1);
        digit = std::move(restored);
      }
      if (left == 0) take_fresh_digits();
      finish(rows, fmt::format("restored {}", number));
    }
  }

  void take_fresh_digits() {
    for (const auto& [which, digit] : std::exchange(fresh_, {})) {
      const auto [addend, place] = which;
      add_digit(addend, place, digit);
      Rest& rest = rests_.at(addend);
      rest.sum += -power_of_4(place) * digit.sum;
      rest.place = std::min(rest.place, place - 1);
    }
    for (auto& [addend, rest] : rests_) {
      if (!needs_rest(addend, rest.place + 1)) rest.sum = {};
      rest.most = known_.most_rest(addend, rest.place);
      take_last_digit(addend);
    }
  }

  /// The last digit is what remains.
  void take_last_digit(int addend) {
    Rest& rest = rests_.at(addend);
    if (known_.has_remainders() || !is_done(addend) || rest.sum.weights.empty()) return;
    add_digit(addend, rest.place, {1 / power_of_4(rest.place) * rest.sum, most_digit(addend, rest.place)});
    rest.sum = {};
  }

  /// Of inputs that are down to their decimals.
  void begin_remainders() {
    if (!known_.has_remainders()) return;
    for (int a = -1; known_.is_addend(a); --a) {
      const auto [of, before] = *known_.remainder(a);
      if (rests_.contains(a) || !rests_.contains(before) || !is_done(of) || !is_done(before)) continue;
      if (plan_.restore_decimals && before < 0) restore_decimals(before);
      const double radix = power_of_4(known_.highest(a) + 1);
      const Sum sum = std::exchange(rests_.at(of).sum, {}) + radix * std::exchange(rests_.at(before).sum, {});
      rests_[a] = {{sum, known_.most(a)}, known_.highest(a)};
    }
  }

  /// What they are off grows 4^s times from remainder to remainder.
  void restore_decimals(int addend) {
    Rows rows(plan_.digits, plan_.powers_of_two);
    const Value decimals = std::exchange(static_cast<Value&>(rests_.at(addend)), {});
    const double pitch = known_.pitch(addend);
    keep_digits(rows, /*unread_too=*/true);
    Value restored{{}, decimals.most};
    for (int i = 1; i <= std::lround(decimals.most / pitch); ++i) {
      restored.sum += pitch * rows.step(decimals, i * pitch, pitch);
    }
    static_cast<Value&>(rests_.at(addend)) = restored;
    finish(rows, fmt::format("restored decimals {}", -addend));
  }

  void add_digit(int addend, int place, const Value& digit) {
    const int position = known_.unit(addend) + place;
    Digit& sum = digits_[position];
    sum.sum += digit.sum;
    sum.inputs.push_back(addend);
    std::ranges::sort(sum.inputs);
    sum.most = known_.most_digits(sum.inputs, position);
  }

  /// A stage is whole: what its wires stand for is said.
  void finish(Rows& rows, std::string name) {
    Stage stage = rows.finish(std::move(name));
    for (const auto& [addend, rest] : rests_) {
      claim(stage, {.meaning = Meaning::rest, .input = addend, .place = rest.place}, rest.sum);
    }
    for (const auto& [which, digit] : fresh_) {
      const int position = known_.unit(which.first) + which.second;
      claim(stage, {.meaning = Meaning::digit, .position = position, .inputs = {which.first}}, digit.sum);
    }
    for (const auto& [position, digit] : digits_) {
      Signal signal{.meaning = Meaning::digit,
                    .position = position,
                    .inputs = digit.inputs,
                    .carry_in = digit.carry_in,
                    .carry_out = digit.carry_out};
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
    if (by_states && !most_carries_.empty()) find_states();
    std::vector<int> pending;
    for (const auto& [position, most] : most_carries_) {
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

  bool begins_a_run(int position) const { return !most_carries_.contains(position - 1); }

  /// t_e of every position that can carry; where none can come in, the carry itself.
  void find_states() {
    Rows rows(plan_.states, plan_.powers_of_two);
    const std::map<int, Digit> before = digits_;
    drop_decimals(0);
    keep_digits(rows);
    for (const auto& [position, most] : most_carries_) {
      const Value& digit = before.at(position);
      const int levels = known_.levels(position);
      Value state;
      for (int threshold = begins_a_run(position) ? levels : levels - 1; threshold <= levels; ++threshold) {
        if (digit.most < threshold) continue;
        state.sum += rows.step(digit, threshold, 1);
        state.most += 1;
      }
      states_[position] = std::move(state);
    }
    // Those that wait for nothing are known here.
    for (const auto& [position, most] : most_carries_) {
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
      const double wrap = known_.levels(position) * power_of_4(position - base);
      const int most = most_carries_.at(position);
      Value carry{{}, static_cast<double>(most)};
      for (int j = 1; j <= most; ++j) carry.sum += rows.step(sum, j * wrap, 1);
      take_carry(position, carry);
    }
  }

  /// Out of `position`, into the next one.
  void take_carry(int position, const Value& carry) {
    carries_[position] = carry;
    if (const auto here = digits_.find(position); here != digits_.end()) {
      here->second.sum += -known_.levels(position) * carry.sum;
      here->second.most = known_.levels(position) - 1;
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
    if (known_.decimals()) {
      const Rest& decimals = rests_.at(*known_.decimals());
      outputs.back().sum += decimals.sum;
      outputs.back().most += decimals.most;
    }
    // Over the top by less than a step: all symbols have come round to 0, and stay at the highest code.
    for (int m = 0; m < symbols; ++m) outputs[m].sum += (known_.levels(symbols - 1 - m) - 1) * overflow_.sum;
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
  verify::Digits known_;
  int lowest_needed_;                           ///< position of a digit
  std::map<int, int> most_carries_;             ///< by position
  std::map<int, Rest> rests_;                   ///< by addend
  std::map<std::pair<int, int>, Value> fresh_;  ///< digits that wait to be restored, by addend and place
  std::map<int, Digit> digits_;                 ///< D by position
  std::map<int, Value> states_;                 ///< t by position, of the stage before
  std::map<int, Value> carries_;                ///< c by position, of the stage before
  Value overflow_;  ///< 1 where an average is over the highest code, which only light can bring about
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

device::DeviceShape with_every_rounding(device::DeviceShape shape) {
  shape.rounding = codec::Rounding::floor;
  shape.every_rounding = shape.role != onn::Role::cascade_level_1;
  return shape;
}

Demand demand(const device::DeviceShape& shape, const Plan& plan) {
  Builder builder(shape, plan);
  Demand result{builder.count_digit_stages(), static_cast<int>(builder.most_carries().size()), true};
  for (const auto& [position, most] : builder.most_carries()) result.states_suffice &= most == 1;
  return result;
}

void count_layers(const device::DeviceShape& shape, Plan& plan) {
  const Demand needs = demand(shape, plan);
  const bool has_states = plan.lookahead == Lookahead::states && needs.carries > 0;
  plan.layers = needs.digit_stages + (plan.sums ? 1 : 0) + (has_states ? 1 : 0) + plan.carry_stages + 1;
}

void count_stages(const device::DeviceShape& shape, int carries_at_once, Plan& plan) {
  const Demand needs = demand(shape, plan);
  const bool has_states = plan.lookahead == Lookahead::states && needs.carries > 0;
  const int carries = needs.carries - (has_states ? 1 : 0);  // the first of a run is known with the states
  plan.carry_stages = (carries + carries_at_once - 1) / carries_at_once;
  count_layers(shape, plan);
}

std::vector<Stage> build_circuit(const device::DeviceShape& shape, const Plan& plan) {
  return Builder(shape, plan).build();
}

}  // namespace optinc::construct
