// The digits in base 4 of the inputs that a device can see, and the carries that their sum can bring about: what the
// claims of stages.h are about.
//
// For servers N = 2^n, the lattice of A_k ends at a digit, maybe behind the point. Other N have no last digit. There
// the digits before the point are read off the inputs, and the decimals that are left are divided as by hand: the
// remainder of input k is x_k = frac(A_k) + 4^s frac(x_(k-1)), from x_1 = A_1 on, and its digits before the point add
// to the sum, too. So what adds up are addends: a = 0 .. K-1 is input a + 1, a = -1 .. -(K-1) the remainder of input
// 1 - a.
#pragma once

#include <optional>
#include <vector>

#include "optinc/device/device_shape.h"

namespace optinc::verify {

/// Places are exponents of 4 in an addend's own unit, positions in the code.
class Digits {
 public:
  explicit Digits(const device::DeviceShape& shape);

  const device::DeviceShape& shape() const { return shape_; }

  // Of addend a, with the constant light that the first bias adds.
  bool is_addend(int a) const { return a < shape_.inputs && a > (has_remainders_ ? -shape_.inputs : -1); }
  double pitch(int a) const { return of(a).pitch; }
  double most(int a) const { return of(a).most; }
  double bias_light(int a) const { return of(a).light; }
  int unit(int a) const { return of(a).unit; }        ///< position of place 0
  int highest(int a) const { return of(a).highest; }  ///< place of the first digit
  int finest(int a) const { return of(a).finest; }    ///< place of the last one
  /// Of x, the addend or what is left of it: the digit at a place, and what is left from a place down.
  double digit(int a, int place, double x) const;
  double rest(int a, int place, double x) const;
  double most_rest(int a, int place) const;

  /// Whether N is no power of two: there are remainders.
  bool has_remainders() const { return has_remainders_; }
  /// A remainder is the decimals of the input `of` and 4^s times those of the addend before.
  struct Remainder {
    int of, before;
  };
  std::optional<Remainder> remainder(int a) const;  ///< none: `a` is an input

  // Of the sum.
  int lowest() const { return lowest_; }            ///< position of the last digit of any addend
  int top() const { return shape_.symbols() - 1; }  ///< position of symbol 1
  int levels(int position) const;                   ///< 4, but 2 of symbol 1 where the bits are odd
  std::vector<int> addends_at(int position) const;  ///< those with a digit there, ascending
  /// The largest sum of the digits that these addends have at a position.
  double most_digits(const std::vector<int>& addends, int position) const;
  double most_carry(int position) const;                                       ///< out of it; 0 below all digits
  double most_over_the_top() const;                                            ///< largest sum_k A_k 4^unit less 2^bits
  double last_pitch() const { return 1.0 / shape_.steps_per_output_level(); }  ///< of symbol M
  /// Positions behind the point whose digits symbol M takes along: those of a level 1, for position 0.
  std::vector<int> decimals_of(int position) const;
  /// The addend whose decimals symbol M takes along: that of a level 1 that has remainders.
  std::optional<int> decimals() const;

 private:
  struct Addend {
    int unit, highest, finest;
    double pitch, most, light;
  };
  const Addend& of(int a) const { return addends_[a < 0 ? shape_.inputs - 1 - a : a]; }
  double most_digit(int a, int position) const;
  double most_together(int k) const;  ///< of input k and, where it has one, its remainder: steps before the point

  device::DeviceShape shape_;
  bool has_remainders_;
  std::vector<Addend> addends_;  ///< inputs 1 .. K, remainders of inputs 2 .. K
  int lowest_ = 0;               ///< position
  double most_code_ = 0;         ///< largest sum_k A_k 4^unit
};

}  // namespace optinc::verify
