// Inputs whose sums are known exactly, to check an all-reduce with (as nccl-tests does), and the measures of what came
// out.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "optinc/codec/element_type.h"
#include "optinc/collective/all_reduce.h"

namespace optinc::cli {

/// Element i of rank r is k 2^-17 with a whole number k(r, i), bell-shaped about 0, of so few bits that the sum over
/// all ranks, in any order, is exact in the type. A function of seed, r and i alone.
class KnownSums {
 public:
  KnownSums(codec::ElementType type, int ranks, std::uint64_t seed);
  int ranks() const { return ranks_; }
  /// Elements first .. first + values.size() - 1 of rank `rank`.
  void inputs(int rank, std::uint64_t first, std::span<float> values) const;
  /// Their sums over all ranks, exact.
  void sums(std::uint64_t first, std::span<double> values) const;

 private:
  int ranks_;
  int bits_;  // of |k|
  std::uint64_t seed_;
};

/// How far results are from exact values.
class Deviation {
 public:
  void add(codec::ElementType type, std::span<const float> results, std::span<const double> exact);
  void add(const Deviation& other);
  /// sum (result - exact)^2 / sum exact^2; 0 where there is nothing to divide by.
  double nmse() const { return signal_ > 0 ? error_ / signal_ : 0; }
  /// The largest |result - exact| in units in the last place that the exact value has in the type.
  double ulp() const { return ulp_; }

  double error() const { return error_; }
  double signal() const { return signal_; }
  static Deviation of(double error, double signal, double ulp);

 private:
  double error_ = 0, signal_ = 0, ulp_ = 0;
};

}  // namespace optinc::cli
