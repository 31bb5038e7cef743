// Which inputs training sees, and when: every possible input, and soon mostly those that still need it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "optinc/design/fares.h"
#include "optinc/design/parameters.h"
#include "optinc/device/device_shape.h"

namespace optinc::design {

/// Walks through all inputs, by their numbers, in a random order, pass after pass, each pass in an order of its own.
/// While mining it leaves out most inputs that were quiet when they were last seen: it keeps as many quiet ones as
/// there are others, at least one in 64 and at most one in 4, drawn anew each pass. What it draws is a function of the
/// seed, the place in the walk and how the inputs fared before.
class Sampler {
 public:
  Sampler(const device::DeviceShape& shape, std::uint64_t seed);

  /// Whether from now on quiet inputs are left out; how many is reckoned from how the inputs fared until now.
  void mine(bool on);
  /// The numbers of the next `count` inputs.
  const std::vector<std::uint32_t>& next(std::size_t count);
  /// How those fared, in the same order.
  void tell(const std::vector<Fare>& fares);
  /// These were found wrong by a verification.
  void tell_wrong(const std::vector<std::uint64_t>& numbers);

  std::size_t inputs() const { return fares_.size(); }
  /// Inputs that were wrong when they were last seen (all, at the start).
  std::size_t wrong() const { return fares_.count(Fare::wrong); }

  const Fares& fares() const { return fares_; }
  std::uint64_t place() const { return place_; }
  /// Takes up where another sampler's place() and fares().packed() left off. Throws base::InputError unless there is a
  /// fare for each input.
  void resume(std::uint64_t place, std::vector<std::uint8_t> fares);

 private:
  std::uint64_t seed_;
  std::uint64_t place_ = 0;  // inputs walked past, over all passes
  std::uint32_t quiet_threshold_ = UINT32_MAX;
  Fares fares_;                       // of each input, when last seen
  std::vector<std::uint32_t> drawn_;  // by the last call of next
};

/// Fills inputs [numbers, K], normalised, and targets [numbers, M], in levels, for the inputs with these numbers.
void make_samples(const device::DeviceShape& shape, const Normalisation& normalisation,
                  const std::vector<std::uint32_t>& numbers, float* inputs, float* targets);

}  // namespace optinc::design
