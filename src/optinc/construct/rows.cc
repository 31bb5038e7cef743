#include "optinc/construct/rows.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace optinc::construct {
namespace {

constexpr double kNothing = 1e-9;  // a corner at the end of the range, but for rounding

}  // namespace

Sum Rows::wire(const Sum& sum, double range, int repeat) {
  Sum mean;
  const double scale = powers_of_two_ ? std::exp2(std::ceil(std::log2(range))) : range;
  if (powers_of_two_) repeat = static_cast<int>(std::bit_ceil(static_cast<unsigned>(repeat)));
  for (int i = 0; i < repeat; ++i) {
    mean.weights[static_cast<int>(rows_.size())] = scale / repeat;
    rows_.push_back((1 / scale) * sum);
  }
  return mean;
}

Value Rows::keep(const Value& value) {
  if (value.sum.weights.empty() || value.most <= 0) return {};
  return {wire(value.sum, value.most, style_.keep), value.most};
}

double Rows::width_of_ramps(double pitch) const {
  return pitch * (powers_of_two_ ? std::exp2(std::floor(std::log2(style_.ramp))) : style_.ramp);
}

Sum Rows::step(const Value& value, double threshold, double pitch) {
  const double width = width_of_ramps(pitch);
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

Sum Rows::shortfall(const Value& value, double threshold, double pitch) {
  const double below = (pitch - width_of_ramps(pitch)) / 2;  // as centred as a step of one stage
  const double high = threshold - below;
  return wire(-1 * value.sum + Sum{{}, high}, high) + Sum{{}, below};
}

Sum Rows::reached(const Sum& shortfall, double pitch) {
  const double width = width_of_ramps(pitch), below = (pitch - width) / 2;
  return wire(-1 / width * (shortfall + Sum{{}, -below}) + Sum{{}, 1}, 1);
}

}  // namespace optinc::construct
