#include "optinc/verify/claims.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <iterator>
#include <map>
#include <tuple>

#include <fmt/ranges.h>

namespace optinc::verify {
namespace {

constexpr std::int64_t kMostValues = 1 << 20;  ///< of a rest that is told by steps

Signal carry_at(int position) {
  return {.meaning = Meaning::carry, .position = position};
}

}  // namespace

void Claims::check(const Signal& claim) const {
  if (claim.meaning == Meaning::step) refuse("{}: no claim, but a part of others", in_words(claim));
  if (claim.meaning == Meaning::rest || claim.meaning == Meaning::shortfall) {
    if (!digits_.is_addend(claim.input)) refuse("a rest of input {}: no input and no remainder", claim.input);
    const int lowest = digits_.has_remainders() ? -1 : digits_.finest(claim.input);
    const int highest = digits_.highest(claim.input);
    if (claim.place < lowest || claim.place > highest) {
      refuse("a rest from place {} down: expected {} .. {}", claim.place, lowest, highest);
    }
    if (claim.meaning == Meaning::rest) return;
    // Thresholds that no input reaches are as good as others.
    if (claim.threshold < 1 || claim.threshold >= kMostValues) {
      refuse("{}: expected 1 .. {}", in_words(claim), kMostValues - 1);
    }
    if (claim.readings.size() != 1 || !(claim.readings.front().factor > 0)) {
      refuse("{}: expected to be read from one wire, with a factor above 0", in_words(claim));
    }
    return;
  }
  if (claim.position < digits_.lowest() || claim.position > digits_.top()) {
    refuse("position {}: expected {} .. {}", claim.position, digits_.lowest(), digits_.top());
  }
  if (claim.meaning != Meaning::digit) return;
  const std::vector<int> addends = digits_.addends_at(claim.position);
  if (std::ranges::adjacent_find(claim.inputs, std::greater_equal<>()) != claim.inputs.end() ||
      !std::ranges::includes(addends, claim.inputs)) {
    refuse("{} of inputs {}: expected some of {}, ascending", in_words(claim), fmt::join(claim.inputs, " "),
           fmt::join(addends, " "));
  }
  if (claim.carry_out && !is_whole(claim, /*with_carry_out=*/true)) {
    refuse("{}: a carry out of what is not all of it", in_words(claim));
  }
}

std::pair<double, double> Claims::range_of(const Signal& claim) const {
  switch (claim.meaning) {
    case Meaning::rest:
      return {digits_.pitch(claim.input), digits_.most_rest(claim.input, claim.place)};
    case Meaning::shortfall:
      return {digits_.pitch(claim.input), claim.threshold * digits_.pitch(claim.input)};
    case Meaning::step:
      return {1, 1};
    case Meaning::digit: {
      const double most = digits_.most_digits(claim.inputs, claim.position) +
                          (claim.carry_in ? digits_.most_carry(claim.position - 1) : 0);
      return {1, claim.carry_out ? std::min<double>(most, digits_.levels(claim.position) - 1) : most};
    }
    case Meaning::state:
      return {1, 2};
    case Meaning::carry:
      return {1, digits_.most_carry(claim.position)};
    case Meaning::symbol:
      return {claim.position == 0 ? digits_.last_pitch() : 1, digits_.levels(claim.position) - digits_.last_pitch()};
  }
  return {1, 0};
}

bool Claims::is_same(const Signal& a, const Signal& b) {
  return std::tie(a.meaning, a.input, a.place, a.threshold, a.position, a.inputs, a.carry_in, a.carry_out) ==
         std::tie(b.meaning, b.input, b.place, b.threshold, b.position, b.inputs, b.carry_in, b.carry_out);
}

Claims::Parts Claims::parts_of(const Signal& claim, const std::vector<Signal>& alone) const {
  if (claim.meaning != Meaning::rest && claim.meaning != Meaning::digit) return {{1, claim}};
  std::vector<Signal> read = alone;
  std::ranges::copy(digits_of_shortfalls(alone), std::back_inserter(read));
  return in_steps(claim.meaning == Meaning::rest ? parts_of_rest(claim, read) : parts_of_digit(claim, read), alone);
}

std::vector<Signal> Claims::digits_of_shortfalls(const std::vector<Signal>& alone) const {
  std::vector<Signal> found;
  for (const Signal& one : alone) {
    if (one.meaning != Meaning::shortfall || one.place < digits_.finest(one.input)) continue;
    const int position = one.place + digits_.unit(one.input);
    const Signal digit{.meaning = Meaning::digit, .position = position, .inputs = {one.input}, .readings = {}};
    if (std::ranges::none_of(found, [&](const Signal& each) { return is_same(each, digit); })) found.push_back(digit);
  }
  return found;
}

Claims::Parts Claims::in_steps(const Parts& parts, const std::vector<Signal>& alone) const {
  Parts result;
  for (const auto& [factor, part] : parts) {
    // The thresholds that are there for the rest this is a part of, and whether the rest itself is.
    std::map<int, const Signal*> shortfalls;
    bool is_rest_there = false;
    for (const Signal& one : alone) {
      const bool is_rest_of_it = part.meaning == Meaning::rest && one.place == part.place && one.input == part.input;
      const bool is_digit_of_it = part.meaning == Meaning::digit && part.inputs == std::vector{one.input} &&
                                  !part.carry_in && !part.carry_out &&
                                  part.position == one.place + digits_.unit(one.input);
      if (one.meaning == Meaning::shortfall && (is_rest_of_it || is_digit_of_it)) shortfalls[one.threshold] = &one;
      is_rest_there |= is_same(one, part);
    }
    if (shortfalls.empty() || is_rest_there) {
      result.emplace_back(factor, part);
      continue;
    }
    const Signal& one = *shortfalls.begin()->second;
    const Signal rest{.meaning = Meaning::rest, .input = one.input, .place = one.place, .readings = {}};
    const std::optional<Function> function = part_from_one(part, rest);
    if (!function) refuse("{}: no part of {}", in_words(part), in_words(rest));
    // It has to be constant between thresholds, and then is the sum of how much it grows at each.
    const double pitch = digits_.pitch(one.input);
    const auto values = static_cast<std::int64_t>(std::llround(digits_.most_rest(one.input, one.place) / pitch));
    if (values >= kMostValues) refuse("{} takes {} values, expected less than {}", in_words(rest), values, kMostValues);
    double before = 0;
    for (int i = 0; i <= std::max<std::int64_t>(values, shortfalls.rbegin()->first); ++i) {
      const double value = (*function)(i * pitch);
      if (const auto at = shortfalls.find(i); at != shortfalls.end()) {
        Signal step = *at->second;
        step.meaning = Meaning::step;
        step.readings.clear();
        if (value != before) result.emplace_back(factor * (value - before), std::move(step));
        before = value;
      } else if (std::abs(value - before) > pitch / 4) {
        refuse("{}: nothing tells that there are {} steps of {}", in_words(part), i, in_words(rest));
      }
    }
  }
  return result;
}

Claims::Parts Claims::parts_of_rest(const Signal& claim, const std::vector<Signal>& alone) const {
  Parts parts;
  for (const Signal& one : alone) {
    if (one.meaning != Meaning::digit || one.inputs != std::vector{claim.input} || one.carry_in || one.carry_out) {
      continue;
    }
    parts.emplace_back(-std::ldexp(1.0, 2 * (one.position - digits_.unit(claim.input))), one);
  }
  if (parts.empty()) return {{1, claim}};
  Signal rest = claim;
  rest.place += static_cast<int>(parts.size());
  for (int place = claim.place + 1; place <= rest.place; ++place) {
    const int position = place + digits_.unit(claim.input);
    if (std::ranges::none_of(parts, [&](const auto& part) { return part.second.position == position; })) {
      refuse("{}: the digit at position {} is missing", in_words(claim), position);
    }
  }
  parts.emplace_back(1, std::move(rest));
  return parts;
}

Claims::Parts Claims::parts_of_digit(const Signal& claim, const std::vector<Signal>& alone) const {
  Parts parts;
  Signal had{.meaning = Meaning::digit, .position = claim.position};
  for (const Signal& one : alone) {
    if (one.meaning != Meaning::digit || one.position != claim.position) continue;
    for (const int a : one.inputs) {
      if (std::ranges::find(claim.inputs, a) == claim.inputs.end()) {
        refuse("{} has lost the digit of input {}", in_words(claim), a);
      }
      if (std::ranges::find(had.inputs, a) != had.inputs.end()) {
        refuse("{} has the digit of input {} twice", in_words(claim), a);
      }
      had.inputs.push_back(a);
    }
    if ((one.carry_in && had.carry_in) || (one.carry_out && had.carry_out))
      refuse("{} has a carry twice", in_words(claim));
    had.carry_in |= one.carry_in;
    had.carry_out |= one.carry_out;
    parts.emplace_back(1, one);
  }
  for (const int a : claim.inputs) {
    if (std::ranges::find(had.inputs, a) != had.inputs.end()) continue;
    const int place = claim.position - digits_.unit(a);
    Parts rest;  // the last digit is what remains, in units of its place, where no decimals are left
    if (!digits_.has_remainders() && place == digits_.finest(a))
      rest = parts_of_rest({.input = a, .place = place}, alone);
    if (rest.size() > 1) {
      for (auto& [factor, part] : rest) parts.emplace_back(std::ldexp(factor, -2 * place), std::move(part));
    } else {
      parts.push_back({1, {.meaning = Meaning::digit, .position = claim.position, .inputs = {a}, .readings = {}}});
    }
  }
  if (claim.carry_in && !had.carry_in) parts.emplace_back(1, carry_at(claim.position - 1));
  if (claim.carry_out && !had.carry_out) parts.emplace_back(-digits_.levels(claim.position), carry_at(claim.position));
  if ((had.carry_in && !claim.carry_in) || (had.carry_out && !claim.carry_out)) {
    refuse("{} has lost a carry", in_words(claim));
  }
  return parts;
}

bool Claims::is_whole(const Signal& digit, bool with_carry_out) const {
  return digit.meaning == Meaning::digit && digit.inputs == digits_.addends_at(digit.position) &&
         digit.carry_out == with_carry_out && (digit.carry_in || digits_.most_carry(digit.position - 1) == 0);
}

std::optional<Function> Claims::part_from(const Signal& part, const SignalSum& sum) const {
  for (std::size_t i = 0; i < sum.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      if (is_same(*sum[i].signal, *sum[j].signal)) return std::nullopt;  // twice, by other wires
    }
  }
  if (sum.size() == 1) {
    if (auto function = part_from_one(part, *sum.front().signal)) return function;
  }
  if (const std::optional<Signal> remainder = remainder_of(sum)) return part_from_one(part, *remainder);
  if (part.meaning == Meaning::carry) return carry_from(part.position, sum);
  if (part.meaning == Meaning::symbol) return symbol_from(part.position, sum);
  return std::nullopt;
}

std::optional<Signal> Claims::remainder_of(const SignalSum& sum) const {
  const auto has_decimals = [&](const Signal& one, int a) {
    return one.meaning == Meaning::rest && one.input == a && one.place == -1;
  };
  if (!digits_.has_remainders() || sum.size() != 2) return std::nullopt;
  for (int a = -1; digits_.is_addend(a); --a) {
    const auto [of, before] = *digits_.remainder(a);
    const double radix = std::ldexp(1.0, 2 * (digits_.highest(a) + 1));
    for (const std::size_t own : {0, 1}) {
      const Term &decimals = sum[own], &earlier = sum[1 - own];
      if (has_decimals(*decimals.signal, of) && decimals.factor == 1 && has_decimals(*earlier.signal, before) &&
          earlier.factor == radix) {
        return Signal{.meaning = Meaning::rest, .input = a, .place = digits_.highest(a)};
      }
    }
  }
  return std::nullopt;
}

std::optional<Function> Claims::part_from_one(const Signal& part, const Signal& one) const {
  const auto identity = [](double u) { return u; };
  switch (part.meaning) {
    case Meaning::rest:
      if (one.meaning != Meaning::rest || one.input != part.input || one.place < part.place) return std::nullopt;
      return [this, part](double u) { return digits_.rest(part.input, part.place, u); };
    case Meaning::shortfall: {
      if (one.meaning != Meaning::rest || one.input != part.input || one.place != part.place) return std::nullopt;
      const double pitch = digits_.pitch(part.input), threshold = part.threshold * pitch;
      return [pitch, threshold](double u) { return u > threshold - pitch / 2 ? 0.0 : threshold - u; };
    }
    case Meaning::step:
      if (one.meaning != Meaning::shortfall || one.input != part.input || one.place != part.place ||
          one.threshold != part.threshold) {
        return std::nullopt;
      }
      return [pitch = digits_.pitch(part.input)](double u) { return u < pitch / 2 ? 1.0 : 0.0; };
    case Meaning::digit:
      if (one.meaning == Meaning::rest) {
        if (part.inputs != std::vector{one.input} || part.carry_in || part.carry_out) return std::nullopt;
        const int place = part.position - digits_.unit(one.input);
        if (place > one.place || place < digits_.finest(one.input)) return std::nullopt;
        return [this, k = one.input, place](double u) { return digits_.digit(k, place, u); };
      }
      if (one.meaning == Meaning::digit && one.position == part.position && one.inputs == part.inputs &&
          one.carry_in == part.carry_in && one.carry_out == part.carry_out) {
        return identity;
      }
      return std::nullopt;
    case Meaning::state: {
      if (one.position != part.position) return std::nullopt;
      if (one.meaning == Meaning::state) return identity;
      const double levels = digits_.levels(part.position);
      if (one.meaning != Meaning::digit || one.inputs != digits_.addends_at(part.position) || one.carry_in ||
          one.carry_out || digits_.most_carry(part.position) > 1 || digits_.most_carry(part.position - 1) > 1) {
        return std::nullopt;
      }
      return [levels](double u) { return (u >= levels - 1 ? 1.0 : 0.0) + (u >= levels ? 1.0 : 0.0); };
    }
    case Meaning::carry:
      if (one.meaning == Meaning::carry && one.position == part.position) return identity;
      return std::nullopt;
    case Meaning::symbol:
      if (one.meaning == Meaning::symbol && one.position == part.position) return identity;
      return std::nullopt;
  }
  return std::nullopt;
}

/// c_e of sum_i 4^i D_(p+i), or of sum_i 2^i t_(p+i) and the carry into p, e the highest position.
std::optional<Function> Claims::carry_from(int position, const SignalSum& sum) const {
  std::map<int, double> digits, states;
  std::optional<std::pair<int, double>> carry;
  for (const auto& [signal, factor] : sum) {
    const Signal& one = *signal;
    if (one.meaning == Meaning::digit) {
      if (!digits.emplace(one.position, factor).second) return std::nullopt;
      const bool lowest = factor == 1;
      if (lowest ? !is_whole(one, /*with_carry_out=*/false)
                 : one.carry_in || one.carry_out || one.inputs != digits_.addends_at(one.position)) {
        return std::nullopt;
      }
    } else if (one.meaning == Meaning::state) {
      if (!states.emplace(one.position, factor).second) return std::nullopt;
    } else if (one.meaning == Meaning::carry && !carry) {
      carry = {one.position, factor};
    } else {
      return std::nullopt;
    }
  }
  const auto grows = [&](const std::map<int, double>& factors, double base) {
    double weight = 1;
    int place = factors.begin()->first;
    for (const auto& [each, factor] : factors) {
      if (each != place++ || factor != weight) return false;
      weight *= base;
    }
    return factors.rbegin()->first == position;
  };
  if (!digits.empty() && states.empty() && !carry && grows(digits, 4)) {
    const double wrap = digits.rbegin()->second * digits_.levels(position);
    // No sum of digits that can be carries more than that.
    return [wrap, most = digits_.most_carry(position)](double u) { return std::min(std::floor(u / wrap), most); };
  }
  if (!states.empty() && digits.empty() && grows(states, 2)) {
    const bool is_carried = carry && carry->first == states.begin()->first - 1 && carry->second == 1;
    if (!is_carried && (carry || digits_.most_carry(states.begin()->first - 1) > 0)) return std::nullopt;
    const double threshold = 2 * states.rbegin()->second;
    return [threshold](double u) { return u >= threshold ? 1.0 : 0.0; };
  }
  return std::nullopt;
}

/// The symbol at `position`: its digit with all carries done; the last one's decimals where a level 1 hands them on;
/// all at their highest where the average is over the highest code. As a function: what the terms add up to.
std::optional<Function> Claims::symbol_from(int position, const SignalSum& sum) const {
  double unit = 0;  // factor of the digit itself
  for (const auto& [signal, factor] : sum) {
    const Signal& one = *signal;
    if ((one.meaning != Meaning::digit && one.meaning != Meaning::symbol) || one.position != position) continue;
    if (unit != 0) return std::nullopt;
    unit = factor;
  }
  if (unit == 0) return std::nullopt;
  std::vector<int> missing = digits_.decimals_of(position);
  bool decimals_missing = position == 0 && digits_.decimals();
  bool overflow_missing = digits_.most_carry(digits_.top()) > 0;
  for (const auto& [signal, factor] : sum) {
    const Signal& one = *signal;
    const double relative = factor / unit;
    if (one.meaning == Meaning::symbol && one.position == position) {
      if (sum.size() != 1) return std::nullopt;
      missing.clear();
      decimals_missing = overflow_missing = false;
    } else if (one.meaning == Meaning::digit && is_done(one)) {
      if (relative != std::ldexp(1.0, 2 * std::min(0, one.position - position))) return std::nullopt;
      if (one.position != position && std::erase(missing, one.position) == 0) return std::nullopt;
    } else if (one.meaning == Meaning::rest && decimals_missing && one.input == *digits_.decimals() &&
               one.place == -1 && relative == 1) {
      decimals_missing = false;
    } else if (one.meaning == Meaning::carry && one.position == digits_.top() &&
               relative == digits_.levels(position) - 1 && overflow_missing) {
      overflow_missing = false;
    } else {
      return std::nullopt;
    }
  }
  if (!missing.empty() || decimals_missing || overflow_missing) return std::nullopt;
  // What is over the highest code by less than a step has come round to 0 in every digit.
  if (digits_.most_carry(digits_.top()) > 0 && digits_.most_over_the_top() >= 1) return std::nullopt;
  return [unit](double u) { return u / unit; };
}

bool Claims::is_done(const Signal& digit) const {
  return is_whole(digit, /*with_carry_out=*/true) ||
         (is_whole(digit, /*with_carry_out=*/false) && digits_.most_carry(digit.position) == 0);
}

}  // namespace optinc::verify
