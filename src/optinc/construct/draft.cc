#include "optinc/construct/draft.h"

#include <algorithm>
#include <utility>

namespace optinc::construct {

using verify::Meaning;
using verify::Signal;

void claim(Stage& stage, Signal signal, const Sum& sum) {
  if (sum.weights.empty()) return;
  for (const auto& [wire, factor] : sum.weights) signal.readings.push_back({wire, factor});
  signal.constant = sum.constant;
  stage.signals.push_back(std::move(signal));
}

Draft::Draft(const device::DeviceShape& device, const Plan& plan_to_follow)
    : shape(device), plan(plan_to_follow), known(device.on_every_rounding()), lowest_needed(known.lowest()) {
  // The top symbol has no carry, but where light lifts the largest average over the top (level 2 of a cascade).
  for (int position = known.lowest(); position <= known.top(); ++position) {
    if (const double most = known.most_carry(position); most > 0) most_carries[position] = static_cast<int>(most);
  }
  if (shape.role == onn::Role::cascade_level_1) return;
  lowest_needed = most_carries.empty() ? 0 : std::min(0, most_carries.begin()->first);
}

int Draft::last_compared(int addend) const {
  if (known.has_remainders()) return 0;
  const int last = lowest_needed - known.unit(addend);
  return last > known.finest(addend) ? last : known.finest(addend) + 1;
}

void Draft::keep_digits(Rows& rows, bool unread_too) {
  for (auto& [position, digit] : digits) static_cast<Value&>(digit) = rows.keep(digit);
  for (auto& [addend, rest] : rests) {
    if (unread_too || is_read(addend)) static_cast<Value&>(rest) = rows.keep(rest);
  }
}

void Draft::drop_decimals(int position) {
  if (shape.role == onn::Role::cascade_level_1) return;
  digits.erase(digits.begin(), digits.lower_bound(std::min(position, 0)));
}

void Draft::finish(Rows& rows, std::string name) {
  Stage stage = rows.finish(std::move(name));
  for (const auto& [addend, rest] : rests) {
    claim(stage, {.meaning = Meaning::rest, .input = addend, .place = rest.place}, rest.sum);
  }
  for (const auto& [addend, by_threshold] : shortfalls) {
    for (const auto& [threshold, sum] : by_threshold) {
      const int place = rests.at(addend).place;
      claim(stage, {.meaning = Meaning::shortfall, .input = addend, .place = place, .threshold = threshold}, sum);
    }
  }
  for (const auto& [which, digit] : fresh) {
    const int position = known.unit(which.first) + which.second;
    claim(stage, {.meaning = Meaning::digit, .position = position, .inputs = {which.first}}, digit.sum);
  }
  for (const auto& [position, digit] : digits) {
    Signal signal{.meaning = Meaning::digit,
                  .position = position,
                  .inputs = digit.inputs,
                  .carry_in = digit.carry_in,
                  .carry_out = digit.carry_out};
    claim(stage, std::move(signal), digit.sum);
  }
  for (const auto& [position, state] : states) {
    claim(stage, {.meaning = Meaning::state, .position = position}, state.sum);
  }
  for (const auto& [position, carry] : carries) {
    claim(stage, {.meaning = Meaning::carry, .position = position}, carry.sum);
  }
  if (!carries.contains(shape.symbols() - 1)) {
    claim(stage, {.meaning = Meaning::carry, .position = shape.symbols() - 1}, overflow.sum);
  }
  stages.push_back(std::move(stage));
}

}  // namespace optinc::construct
