// What a few values of a quantity, one a seed, say about its mean.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace optinc::report {

struct Interval {
  double low = 0;
  double high = 0;
  bool contains(double value) const { return low <= value && value <= high; }
};

struct Estimate {
  std::size_t count = 0;
  double mean = 0;                   ///< NaN for no values
  double standard_deviation = 0;     ///< of the sample (n - 1); NaN for fewer than two values
  std::optional<Interval> interval;  ///< of the mean, 95 %, by Student's t with n - 1 degrees; none for fewer than two
                                     ///< values or where one is not finite
};
Estimate estimate(const std::vector<double>& values);

/// The t > 0 with P(|T| < t) = `coverage` for Student's T with `degrees` of freedom, from 1; coverage in (0, 1).
double student_t(std::uint64_t degrees, double coverage);

}  // namespace optinc::report
