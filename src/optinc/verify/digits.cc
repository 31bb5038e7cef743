#include "optinc/verify/digits.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "optinc/base/error.h"

namespace optinc::verify {
namespace {

double power_of_4(int exponent) {
  return std::ldexp(1.0, 2 * exponent);
}

}  // namespace

Digits::Digits(const device::DeviceShape& shape) : shape_(shape) {
  shape.check();
  base::require(std::has_single_bit(static_cast<unsigned>(shape.servers)),
                "servers {}: proved by stage for powers of two alone, whose averages have digits in base 4",
                shape.servers);
  for (int k = 0; k < shape.inputs; ++k) {
    const int steps = shape.steps_per_level(k);
    const int light = k == shape.inputs - 1 && shape.averager_rounding() == codec::Rounding::nearest
                          ? codec::constant_light_steps(codec::Rounding::nearest, steps, 0)
                          : 0;
    inputs_.push_back({.unit = shape.shift_of_input(k) / 2,
                       .highest = (shape.bits_of_input(k) + 1) / 2 - 1,
                       .finest = -(static_cast<int>(std::bit_width(static_cast<unsigned>(steps))) / 2),
                       .pitch = 1.0 / steps,
                       .most = static_cast<double>(shape.last_step(k) + light) / steps,
                       .light = static_cast<double>(light) / steps});
    most_code_ += inputs_.back().most * power_of_4(inputs_.back().unit);
    lowest_ = std::min(lowest_, inputs_.back().unit + inputs_.back().finest);
  }
}

double Digits::digit(int k, int place, double x) const {
  const double whole = std::floor(x / power_of_4(place));
  return place >= inputs_[k].highest ? whole : std::fmod(whole, 4);
}

double Digits::rest(int k, int place, double x) const {
  return place >= inputs_[k].highest ? x : std::fmod(x, power_of_4(place + 1));
}

double Digits::most_digit(int k, int position) const {
  const int place = position - inputs_[k].unit;
  if (place < inputs_[k].finest || place > inputs_[k].highest) return 0;
  double most = 0;
  for (double x = 0; x <= inputs_[k].most; x += inputs_[k].pitch) most = std::max(most, digit(k, place, x));
  return most;
}

double Digits::most_rest(int k, int place) const {
  return std::min(inputs_[k].most, power_of_4(place + 1) - (place >= inputs_[k].highest ? 0 : inputs_[k].pitch));
}

int Digits::levels(int position) const {
  return shape_.bits % 2 == 1 && position == top() ? 2 : 4;
}

std::vector<int> Digits::inputs_at(int position) const {
  std::vector<int> found;
  for (int k = 0; k < shape_.inputs; ++k) {
    const int place = position - inputs_[k].unit;
    if (place >= inputs_[k].finest && place <= inputs_[k].highest) found.push_back(k);
  }
  return found;
}

double Digits::most_carry(int position) const {
  double carry = 0;
  for (int each = lowest_; each <= position; ++each) {
    for (const int k : inputs_at(each)) carry += most_digit(k, each);
    carry = std::floor(carry / levels(each));
  }
  // No average is over the highest code, whatever the digits' bounds say.
  return position == top() && most_code_ < std::exp2(shape_.bits) ? 0 : carry;
}

double Digits::most_over_the_top() const {
  return most_code_ - std::exp2(shape_.bits);
}

std::vector<int> Digits::decimals_of(int position) const {
  std::vector<int> found;
  if (position != 0 || shape_.role != onn::Role::cascade_level_1) return found;
  for (int each = lowest_; each < 0; ++each) {
    if (!inputs_at(each).empty()) found.push_back(each);
  }
  return found;
}

}  // namespace optinc::verify
