#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "optinc/base/error.h"
#include "optinc/construct/draft.h"

namespace optinc::construct {
namespace {

constexpr int kMostSteps = 1 << 20;

/// Reads digits off by comparing with thresholds, for as long as any is left to be read.
class DigitStages {
 public:
  explicit DigitStages(Draft& draft) : draft_(draft) {}

  void build() {
    for (int k = 0; k < draft_.shape.inputs; ++k) rests_[k] = {{{{{k, 1.0}}, 0}, known_.most(k)}, known_.highest(k)};
    for (int number = 1; !are_all_read(); ++number) {
      plan_.two_stage_steps ? read_in_two_stages(number) : read_in_one_stage(number);
      begin_remainders();
    }
    if (!plan_.sums) return;
    Rows rows = draft_.rows(plan_.added);
    draft_.keep_digits(rows);
    draft_.finish(rows, "sums");
  }

 private:
  bool needs_rest(int addend, int place) const {
    if (!known_.has_remainders())
      return place > std::max(known_.finest(addend), draft_.lowest_needed - known_.unit(addend));
    const bool is_last = addend == (draft_.shape.inputs == 1 ? 0 : 1 - draft_.shape.inputs);
    return place > 0 || !is_last || known_.decimals();
  }
  double most_digit(int addend, int place) const { return known_.most_digits({addend}, place + known_.unit(addend)); }
  bool are_all_read() const {
    return std::ranges::all_of(rests_, [&](const auto& each) { return draft_.is_read(each.first); });
  }

  void read_in_one_stage(int number) {
    Rows rows = draft_.rows(number == 1 ? plan_.inputs : plan_.digits);
    draft_.keep_digits(rows);
    bool is_any_left = false;
    for (const auto& [addend, rest] : rests_) {
      if (draft_.is_read(addend)) continue;
      is_any_left |= needs_rest(addend, std::max(rest.place - plan_.digits_at_once + 1, draft_.last_compared(addend)));
    }
    const bool restores = plan_.restore_digits > 0 && is_any_left;
    for (const auto& [addend, rest] : rests_) {
      if (!draft_.is_read(addend)) take_digits(addend, restores, rows);
    }
    draft_.finish(rows, fmt::format("digits {}", number));
    if (restores) restore_digits(number);
  }

  void read_in_two_stages(int number) {
    std::vector<int> unread;
    for (const auto& [addend, rest] : rests_) {
      if (!draft_.is_read(addend)) unread.push_back(addend);
    }
    Rows rows = draft_.rows(plan_.digits);
    draft_.keep_digits(rows);
    for (const int addend : unread) {
      Rest& rest = rests_.at(addend);
      find_shortfalls(addend, power_of_4(rest.place), rows);
      if (!needs_rest(addend, rest.place)) rest.sum = {};
      static_cast<Value&>(rest) = rows.keep(rest);
    }
    draft_.finish(rows, fmt::format("shortfalls {}", number));

    rows = draft_.rows(plan_.digits);
    const auto shortfalls = std::exchange(draft_.shortfalls, {});
    draft_.keep_digits(rows);
    for (const int addend : unread) {
      Rest& rest = rests_.at(addend);
      const Value digit{count_reached(addend, shortfalls.at(addend), rows), most_digit(addend, rest.place)};
      Value left;
      if (needs_rest(addend, rest.place)) {
        left = {rows.keep(rest).sum + -power_of_4(rest.place) * digit.sum, known_.most_rest(addend, rest.place - 1)};
      }
      add_digit(addend, rest.place, digit);
      rest = {left, rest.place - 1};
      take_last_digit(addend);
    }
    draft_.finish(rows, fmt::format("digits {}", number));
  }

  /// Of what remains of an addend, to every multiple of `unit`.
  void find_shortfalls(int addend, double unit, Rows& rows) {
    const Rest& rest = rests_.at(addend);
    const double pitch = known_.pitch(addend);
    base::require(rest.most / pitch < kMostSteps, "steps of two stages on {:.0f} values: expected less than {}",
                  rest.most / pitch, kMostSteps);
    for (int i = 1; i * unit < rest.most + pitch / 2; ++i) {
      const auto threshold = static_cast<int>(std::lround(i * unit / pitch));
      draft_.shortfalls[addend][threshold] = rows.shortfall(rest, i * unit, pitch);
    }
  }

  /// How many thresholds are reached.
  Sum count_reached(int addend, const std::map<int, Sum>& shortfalls, Rows& rows) const {
    Sum count;
    for (const auto& [threshold, shortfall] : shortfalls) count += rows.reached(shortfall, known_.pitch(addend));
    return count;
  }

  /// Compares what remains of an addend.
  void take_digits(int addend, bool restores, Rows& rows) {
    Rest& rest = rests_.at(addend);
    const double pitch = known_.pitch(addend);
    const int lowest = std::max(rest.place - plan_.digits_at_once + 1, draft_.last_compared(addend));
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
        draft_.fresh[{addend, lowest + up}] = digit;
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
      Rows rows = draft_.rows(plan_.digits);
      draft_.keep_digits(rows, /*unread_too=*/true);
      for (auto& [which, digit] : draft_.fresh) {
        Value restored{{}, digit.most};
        for (int j = 1; j <= digit.most; ++j) restored.sum += rows.step(digit, j, 1);
        digit = std::move(restored);
      }
      if (left == 0) take_fresh_digits();
      draft_.finish(rows, fmt::format("restored {}", number));
    }
  }

  void take_fresh_digits() {
    for (const auto& [which, digit] : std::exchange(draft_.fresh, {})) {
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
    if (known_.has_remainders() || !draft_.is_read(addend) || rest.sum.weights.empty()) return;
    add_digit(addend, rest.place, {1 / power_of_4(rest.place) * rest.sum, most_digit(addend, rest.place)});
    rest.sum = {};
  }

  /// Of inputs that are down to their decimals.
  void begin_remainders() {
    if (!known_.has_remainders()) return;
    for (int a = -1; known_.is_addend(a); --a) {
      const auto [of, before] = *known_.remainder(a);
      if (rests_.contains(a) || !rests_.contains(before) || !draft_.is_read(of) || !draft_.is_read(before)) continue;
      if (plan_.restore_decimals && before < 0) restore_decimals(before);
      const double radix = power_of_4(known_.highest(a) + 1);
      const Sum sum = std::exchange(rests_.at(of).sum, {}) + radix * std::exchange(rests_.at(before).sum, {});
      rests_[a] = {{sum, known_.most(a)}, known_.highest(a)};
    }
  }

  /// What they are off grows 4^s times from remainder to remainder.
  void restore_decimals(int addend) {
    const double pitch = known_.pitch(addend), most = known_.most_rest(addend, -1);
    std::map<int, Sum> shortfalls;
    if (plan_.two_stage_steps) {
      Rows rows = draft_.rows(plan_.digits);
      find_shortfalls(addend, pitch, rows);
      static_cast<Value&>(rests_.at(addend)) = {};  // which the shortfalls tell from here on
      draft_.keep_digits(rows, /*unread_too=*/true);
      draft_.finish(rows, fmt::format("shortfalls of decimals {}", -addend));
      shortfalls = std::exchange(draft_.shortfalls, {}).at(addend);
    }
    Rows rows = draft_.rows(plan_.digits);
    const Value decimals = std::exchange(static_cast<Value&>(rests_.at(addend)), {});
    draft_.keep_digits(rows, /*unread_too=*/true);
    Sum steps = count_reached(addend, shortfalls, rows);
    for (int i = 1; i <= std::lround(most / pitch) && !plan_.two_stage_steps; ++i) {
      steps += rows.step(decimals, i * pitch, pitch);
    }
    static_cast<Value&>(rests_.at(addend)) = {pitch * steps, most};
    draft_.finish(rows, fmt::format("restored decimals {}", -addend));
    if (plan_.two_stage_steps) add_up_decimals(addend);
  }

  /// Of steps that are exact the sum is, too, as long as nothing else is in it and every weight is a power of two.
  void add_up_decimals(int addend) {
    Rows rows = draft_.rows(plan_.digits);
    const Value decimals = std::exchange(static_cast<Value&>(rests_.at(addend)), {});
    draft_.keep_digits(rows, /*unread_too=*/true);
    const double pitch = known_.pitch(addend);
    const double range = pitch * std::exp2(std::ceil(std::log2(decimals.most / pitch)));
    static_cast<Value&>(rests_.at(addend)) = {rows.wire(decimals.sum, range), decimals.most};
    draft_.finish(rows, fmt::format("sum of decimals {}", -addend));
  }

  void add_digit(int addend, int place, const Value& digit) {
    const int position = known_.unit(addend) + place;
    Digit& sum = draft_.digits[position];
    sum.sum += digit.sum;
    sum.inputs.push_back(addend);
    std::ranges::sort(sum.inputs);
    sum.most = known_.most_digits(sum.inputs, position);
  }

  Draft& draft_;
  const Plan& plan_ = draft_.plan;
  const verify::Digits& known_ = draft_.known;
  std::map<int, Rest>& rests_ = draft_.rests;
};

}  // namespace

void find_digits(Draft& draft) {
  DigitStages(draft).build();
}

}  // namespace optinc::construct
