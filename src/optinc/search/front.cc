#include "optinc/search/front.h"

#include <algorithm>

namespace optinc::search {

bool dominates(const std::vector<double>& a, const std::vector<double>& b) {
  bool better = false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (a[i] > b[i]) return false;
    better = better || a[i] < b[i];
  }
  return better;
}

std::vector<std::size_t> front_of(const std::vector<std::vector<double>>& objectives) {
  std::vector<std::size_t> front;
  for (std::size_t i = 0; i < objectives.size(); ++i) {
    bool beaten = false;
    for (std::size_t j = 0; j < objectives.size() && !beaten; ++j) {
      beaten = dominates(objectives[j], objectives[i]) || (j < i && objectives[j] == objectives[i]);
    }
    if (!beaten) front.push_back(i);
  }
  std::ranges::sort(front, [&](std::size_t a, std::size_t b) { return objectives[a] < objectives[b]; });
  return front;
}

}  // namespace optinc::search
