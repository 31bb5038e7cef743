#include "optinc/report/statistics.h"

#include <cmath>
#include <limits>
#include <numbers>

namespace optinc::report {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kCoverage = 0.95;

// P(|T| < sqrt(degrees) tan(angle)). For whole degrees a finite sum, exact: Abramowitz and Stegun, 26.7.3 and 26.7.4.
double student_coverage(std::uint64_t degrees, double angle) {
  const double cosine = std::cos(angle);
  const bool is_odd = degrees % 2 == 1;
  double term = is_odd ? cosine : 1;
  double sum = 0;
  for (std::uint64_t power = is_odd ? 1 : 0; power + 2 <= degrees; power += 2) {
    sum += term;
    term *= cosine * cosine * static_cast<double>(power + 1) / static_cast<double>(power + 2);
  }
  return is_odd ? 2 / std::numbers::pi * (angle + std::sin(angle) * sum) : std::sin(angle) * sum;
}

}  // namespace

double student_t(std::uint64_t degrees, double coverage) {
  double low = 0;
  double high = std::numbers::pi / 2;
  constexpr int kHalvings = 60;  // beyond the last bit of an angle
  for (int halving = 0; halving < kHalvings; ++halving) {
    const double middle = (low + high) / 2;
    (student_coverage(degrees, middle) < coverage ? low : high) = middle;
  }
  return std::sqrt(static_cast<double>(degrees)) * std::tan((low + high) / 2);
}

Estimate estimate(const std::vector<double>& values) {
  Estimate found{.count = values.size(), .mean = kNaN, .standard_deviation = kNaN};
  if (values.empty()) return found;
  const double count = static_cast<double>(values.size());
  double sum = 0;
  for (const double value : values) sum += value;
  found.mean = sum / count;
  if (values.size() < 2) return found;
  double squares = 0;
  for (const double value : values) squares += (value - found.mean) * (value - found.mean);
  found.standard_deviation = std::sqrt(squares / (count - 1));
  const double reach = student_t(values.size() - 1, kCoverage) * found.standard_deviation / std::sqrt(count);
  if (std::isfinite(reach)) found.interval = Interval{found.mean - reach, found.mean + reach};
  return found;
}

}  // namespace optinc::report
