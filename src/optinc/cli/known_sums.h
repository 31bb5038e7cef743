// Inputs whose sums are known exactly, to check an all-reduce with (as nccl-tests does), and the measures of what came
// out.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "optinc/codec/element_type.h"
#include "optinc/collective/all_reduce.h"

namespace optinc::cli {

/// Element i of rank r is k 2^-17 with a whole number k(r, i), bell-shaped about 0, of so few bits that the sum over
/// all ranks, in any order, is exact in the type. A function of seed, r and i alone: a hash of
/// a few operations, not base::CounterStream, since every rank draws every rank's inputs to check its part.
class KnownSums {
 public:
  KnownSums(codec::ElementType type, int ranks, std::uint64_t seed);
  int ranks() const { return ranks_; }
  /// Elements first .. first + values.size() - 1 of rank `rank`.
  void inputs(int rank, std::uint64_t first, std::span<float> values) const;

 private:
  int ranks_;
  int bits_;  // of |k|
  std::uint64_t seed_;
};

/// How far results are from exact values.
struct Deviation {
  double error = 0;   ///< sum of (result - exact)^2
  double signal = 0;  ///< sum of exact^2
  double ulp = 0;     ///< the largest |result - exact|, in units in the last place that the exact value has in the type

  void add(codec::ElementType type, std::span<const float> results, std::span<const double> exact);
  void add(const Deviation& other);
  /// The normalised mean square error; 0 where there is nothing to divide by.
  double nmse() const { return signal > 0 ? error / signal : 0; }
};

}  // namespace optinc::cli
