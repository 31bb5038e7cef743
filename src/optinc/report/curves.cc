#include "optinc/report/curves.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace optinc::report {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

}  // namespace

std::size_t smoothing_width(std::size_t count) {
  return std::min<std::size_t>(count / 20, 200) / 2 * 2 + 1;
}

std::vector<double> smooth(const std::vector<double>& values, std::size_t width) {
  std::vector<double> smoothed(values.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    const std::size_t reach = std::min({width / 2, i, values.size() - 1 - i});
    double sum = 0;
    std::size_t numbers = 0;
    for (std::size_t j = i - reach; j <= i + reach; ++j) {
      if (!std::isfinite(values[j])) continue;
      sum += values[j];
      ++numbers;
    }
    smoothed[i] = numbers == 0 ? kNaN : sum / static_cast<double>(numbers);
  }
  return smoothed;
}

std::vector<std::size_t> thin(std::size_t count, std::size_t most) {
  const std::size_t stride = std::max<std::size_t>(1, (count + most - 1) / most);
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < count; i += stride) places.push_back(i);
  if (count > 0 && places.back() != count - 1) places.push_back(count - 1);
  return places;
}

}  // namespace optinc::report
