// The digits in base 4 of the inputs that a device can see, and the carries that their sum can bring about: what the
// claims of stages.h are about.
#pragma once

#include <vector>

#include "optinc/device/device_shape.h"

namespace optinc::verify {

/// Places are exponents of 4 in an input's own unit, positions in the code. Servers N = 2^n.
class Digits {
 public:
  /// Throws base::InputError where N is no power of two.
  explicit Digits(const device::DeviceShape& shape);

  const device::DeviceShape& shape() const { return shape_; }

  // Of input k, with the constant light that the first bias adds.
  double pitch(int k) const { return inputs_[k].pitch; }
  double most(int k) const { return inputs_[k].most; }
  double bias_light(int k) const { return inputs_[k].light; }
  int unit(int k) const { return inputs_[k].unit; }        ///< position of place 0
  int highest(int k) const { return inputs_[k].highest; }  ///< place of the first digit
  int finest(int k) const { return inputs_[k].finest; }    ///< place of the last one
  /// Of x = A_k or what is left of it: the digit at a place, and what is left from a place down.
  double digit(int k, int place, double x) const;
  double rest(int k, int place, double x) const;
  double most_digit(int k, int position) const;  ///< 0 where it has none
  double most_rest(int k, int place) const;

  // Of the sum.
  int top() const { return shape_.symbols() - 1; }  ///< position of symbol 1
  int levels(int position) const;                   ///< 4, but 2 of symbol 1 where the bits are odd
  std::vector<int> inputs_at(int position) const;   ///< those with a digit there, ascending
  double most_carry(int position) const;            ///< out of it; 0 below all digits
  double most_over_the_top() const;                 ///< largest sum_k A_k 4^unit less 2^bits
  double last_pitch() const { return 1.0 / shape_.steps_per_output_level(); }  ///< of symbol M
  /// Positions behind the point whose digits symbol M takes along: those of a level 1, for position 0.
  std::vector<int> decimals_of(int position) const;

 private:
  struct Input {
    int unit, highest, finest;
    double pitch, most, light;
  };
  device::DeviceShape shape_;
  std::vector<Input> inputs_;
  int lowest_ = 0;        ///< position
  double most_code_ = 0;  ///< largest sum_k A_k 4^unit
};

}  // namespace optinc::verify
