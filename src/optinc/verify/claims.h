// What claims of stages.h mean, and which sums of signals say them: the arithmetic of a proof by stage, without the
// weights and errors that by_stage.cc looks after.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "optinc/verify/digits.h"
#include "optinc/verify/stages.h"

namespace optinc::verify {

/// Thrown where a design can't be proved, and caught where the layer's name is known.
struct Refusal {
  std::string reason;
};
template <typename... Args>
[[noreturn]] void refuse(fmt::format_string<Args...> format, Args&&... args) {
  throw Refusal{fmt::format(format, std::forward<Args>(args)...)};
}

/// A signal in a sum, with a factor; the least factor of a sum is 1.
struct Term {
  const Signal* signal;
  double factor;
};
using SignalSum = std::vector<Term>;

/// A function of the value of a sum.
using Function = std::function<double(double)>;

class Claims {
 public:
  /// A claim as a sum of others, each with a factor.
  using Parts = std::vector<std::pair<double, Signal>>;

  explicit Claims(const device::DeviceShape& shape) : digits_(shape) {}

  const Digits& digits() const { return digits_; }

  /// Throws Refusal for a claim about what is no addend, place or position, and for a carry out of what is not all of a
  /// digit. All else here is for claims that pass.
  void check(const Signal& claim) const;
  /// Pitch and largest value.
  std::pair<double, double> range_of(const Signal& claim) const;
  static bool is_same(const Signal& a, const Signal& b);

  /// By what it is read from: `alone` are the signals that are sums by themselves. A digit that grows is the digit
  /// before, the digits that come new, the carries; a rest is the one before less the digits that were read off it.
  /// What comes new is a function of the rest, or a sum of steps where that rest's shortfalls are there in its place.
  /// Throws Refusal where something got lost.
  Parts parts_of(const Signal& claim, const std::vector<Signal>& alone) const;

  /// `part` as a function of the sum, where that says it.
  std::optional<Function> part_from(const Signal& part, const SignalSum& sum) const;

 private:
  /// Digits that shortfalls among `alone` stand for: all that is read off the rests that these are of.
  std::vector<Signal> digits_of_shortfalls(const std::vector<Signal>& alone) const;
  /// Parts, with steps in place of what is told from shortfalls among `alone`.
  Parts in_steps(const Parts& parts, const std::vector<Signal>& alone) const;
  Parts parts_of_rest(const Signal& claim, const std::vector<Signal>& alone) const;
  Parts parts_of_digit(const Signal& claim, const std::vector<Signal>& alone) const;
  std::optional<Function> part_from_one(const Signal& part, const Signal& one) const;
  std::optional<Function> carry_from(int position, const SignalSum& sum) const;
  std::optional<Function> symbol_from(int position, const SignalSum& sum) const;
  /// The remainder that an input's decimals and 4^s times those before make up.
  std::optional<Signal> remainder_of(const SignalSum& sum) const;
  /// All addends' digits and the carry from below are in it, and a carry went out or not.
  bool is_whole(const Signal& digit, bool with_carry_out) const;
  /// All addends' digits, the carry from below and that out of it are done with.
  bool is_done(const Signal& digit) const;

  Digits digits_;
};

}  // namespace optinc::verify
