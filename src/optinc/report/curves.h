// Curves made fit for drawing.
#pragma once

#include <cstddef>
#include <vector>

namespace optinc::report {

/// How many values the mean of `smooth` takes for a curve of `count`: a twentieth of it, odd, at least 1, at most 201.
std::size_t smoothing_width(std::size_t count);

/// The mean over the `width` (odd) values around each one; fewer, still centred, near both ends: no value is moved
/// sideways. NaNs are left out of the means; where no number is left, the result is NaN.
std::vector<double> smooth(const std::vector<double>& values, std::size_t width);

/// The places to draw of `count`: all of them, or every k-th and the last so that at most about `most` are left.
std::vector<std::size_t> thin(std::size_t count, std::size_t most);

}  // namespace optinc::report
