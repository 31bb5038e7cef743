// A front: the candidates that no other beats in everything.
#pragma once

#include <cstddef>
#include <vector>

namespace optinc::search {

/// Whether `a` is no worse than `b` in every objective and better in one; less is better.
bool dominates(const std::vector<double>& a, const std::vector<double>& b);

/// The indices of those that none dominates, by their first objective; of equals the first.
std::vector<std::size_t> front_of(const std::vector<std::vector<double>>& objectives);

}  // namespace optinc::search
