#include "optinc/verify/digits.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace optinc::verify {
namespace {

double power_of_4(int exponent) {
  return std::ldexp(1.0, 2 * exponent);
}

}  // namespace

Digits::Digits(const device::DeviceShape& shape)
    : shape_(shape), has_remainders_(!std::has_single_bit(static_cast<unsigned>(shape.servers))) {
  shape.check();
  for (int k = 0; k < shape.inputs; ++k) {
    const int steps = shape.steps_per_level(k);
    const int light = k == shape.inputs - 1 && shape.averager_rounding() == codec::Rounding::nearest
                          ? codec::constant_light_steps(codec::Rounding::nearest, steps, 0)
                          : 0;
    const int places_behind_point = static_cast<int>(std::bit_width(static_cast<unsigned>(steps))) / 2;
    addends_.push_back({.unit = shape.shift_of_input(k) / 2,
                        .highest = (shape.bits_of_input(k) + 1) / 2 - 1,
                        .finest = has_remainders_ ? 0 : -places_behind_point,
                        .pitch = 1.0 / steps,
                        .most = static_cast<double>(shape.last_step(k) + light) / steps,
                        .light = static_cast<double>(light) / steps});
    most_code_ += addends_.back().most * power_of_4(addends_.back().unit);
    lowest_ = std::min(lowest_, addends_.back().unit + addends_.back().finest);
  }
  if (!has_remainders_) return;
  for (int k = 1; k < shape.inputs; ++k) {
    Addend remainder = addends_[k];
    const double radix = power_of_4(remainder.highest + 1);
    remainder.most = (1 - remainder.pitch) + radix * (1 - addends_[k - 1].pitch);
    remainder.light = 0;
    addends_.push_back(remainder);
  }
}

// On the lattice, half a pitch more changes no digit, and pays for pitches that are no sums of powers of two.
double Digits::digit(int a, int place, double x) const {
  const Addend& own = of(a);
  const double whole = std::floor((x + std::min(own.pitch, power_of_4(place)) / 2) / power_of_4(place));
  return place >= own.highest ? whole : std::fmod(whole, 4);
}

double Digits::rest(int a, int place, double x) const {
  const Addend& own = of(a);
  if (place >= own.highest) return x;
  const double unit = power_of_4(place + 1);
  return x - unit * std::floor((x + std::min(own.pitch, unit) / 2) / unit);
}

double Digits::most_rest(int a, int place) const {
  const Addend& own = of(a);
  return place >= own.highest ? own.most : std::min(own.most, power_of_4(place + 1) - own.pitch);
}

std::optional<Digits::Remainder> Digits::remainder(int a) const {
  if (a >= 0) return std::nullopt;
  return Remainder{-a, std::min(0, a + 1)};
}

int Digits::levels(int position) const {
  return shape_.bits % 2 == 1 && position == top() ? 2 : 4;
}

std::vector<int> Digits::addends_at(int position) const {
  std::vector<int> found;
  for (int a = has_remainders_ ? 1 - shape_.inputs : 0; a < shape_.inputs; ++a) {
    const int place = position - unit(a);
    if (place >= finest(a) && place <= highest(a)) found.push_back(a);
  }
  return found;
}

double Digits::most_digit(int a, int position) const {
  const Addend& own = of(a);
  const int place = position - own.unit;
  if (place < own.finest || place > own.highest) return 0;
  const double units = std::floor((own.most + std::min(own.pitch, power_of_4(place)) / 2) / power_of_4(place));
  if (place == own.highest) return units;
  // The last place behind the point counts in whole steps: in twos where N is an odd power of two.
  const double most = place < 0 ? 4 - std::max(1.0, own.pitch / power_of_4(place)) : 3;
  return std::min(units, most);
}

double Digits::most_digits(const std::vector<int>& addends, int position) const {
  double most = 0;
  for (const int a : addends) most += most_digit(a, position);
  for (const int a : addends) {
    const Addend& own = of(a);
    if (a >= 0 || position != own.unit + own.highest) continue;
    most = std::min(most, std::floor(most_together(-a) / power_of_4(own.highest)));
  }
  return most;
}

// What is divided is A_k + 4^s frac(x_(k-1)): its steps before the point are those of A_k and of the remainder.
double Digits::most_together(int k) const {
  const Addend& own = addends_[k];
  double most = own.most;
  if (k > 0) most += power_of_4(own.highest + 1) * (1 - addends_[k - 1].pitch);
  return std::floor(most + own.pitch / 2);
}

double Digits::most_carry(int position) const {
  // No average is over the highest code, whatever the digits' bounds say.
  if (position == top() && most_code_ < std::exp2(shape_.bits)) return 0;
  double carry = 0;
  if (!has_remainders_) {
    for (int each = lowest_; each <= position; ++each) {
      carry = std::floor((carry + most_digits(addends_at(each), each)) / levels(each));
    }
    return carry;
  }
  // Below the first place, an input's digits and its remainder's up to a place are each less than the next power of 4;
  // at the first place the two have a largest sum.
  for (int k = shape_.inputs - 1; k >= 0; --k) {
    const Addend& own = addends_[k];
    if (own.unit + own.highest < position) {
      const double radix = power_of_4(own.highest + 1);
      carry = std::floor((most_together(k) + carry) / radix);
      continue;
    }
    const int place = position - own.unit;
    const double unit = levels(position) * power_of_4(place);
    const double values = place == own.highest ? most_together(k) : (k > 0 ? 2 : 1) * (unit - 1);
    return std::floor((values + carry) / unit);
  }
  return 0;
}

double Digits::most_over_the_top() const {
  return most_code_ - std::exp2(shape_.bits);
}

std::vector<int> Digits::decimals_of(int position) const {
  std::vector<int> found;
  if (position != 0 || shape_.role != onn::Role::cascade_level_1) return found;
  for (int each = lowest_; each < 0; ++each) {
    if (!addends_at(each).empty()) found.push_back(each);
  }
  return found;
}

std::optional<int> Digits::decimals() const {
  if (!has_remainders_ || shape_.role != onn::Role::cascade_level_1) return std::nullopt;
  return shape_.inputs == 1 ? 0 : 1 - shape_.inputs;
}

}  // namespace optinc::verify
