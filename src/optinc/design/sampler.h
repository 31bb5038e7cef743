// Which inputs training sees, and when: every possible input, and soon mostly those that still need it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "optinc/base/random.h"
#include "optinc/design/batch_gradient.h"
#include "optinc/design/parameters.h"
#include "optinc/device/device_shape.h"

namespace optinc::design {

/// Draws inputs by their numbers in rounds. A round has all inputs in random order; while mining it has those that were
/// loud or wrong when they were last seen and one in `kQuietShare` of the quiet ones, drawn anew each round. What it
/// draws in an epoch is a function of the seed, the epoch's number and how the inputs fared before.
class Sampler {
 public:
  static constexpr std::uint32_t kQuietShare = 4;

  Sampler(const device::DeviceShape& shape, std::uint64_t seed);

  /// Starts the first round of an epoch; `mine` says if its rounds leave quiet inputs out.
  void begin_epoch(int epoch, bool mine);
  /// The numbers of the next `count` inputs; where a round ends within them, the next one goes on.
  const std::vector<std::uint32_t>& next(std::size_t count);
  /// How those fared, in the same order.
  void tell(const std::vector<Fare>& fares);

  std::size_t inputs() const { return fares_.size(); }
  /// Inputs that were wrong when they were last seen (all, at the start).
  std::size_t wrong() const { return wrong_; }

  const std::vector<Fare>& fares() const { return fares_; }
  /// Takes up where another sampler's fares() left off. Throws base::InputError unless there is one for each input.
  void resume(std::vector<Fare> fares);

 private:
  void begin_round();

  std::uint64_t seed_;
  std::uint64_t epoch_ = 0;
  std::uint64_t round_ = 0;  // of this epoch
  bool mine_ = false;
  std::vector<Fare> fares_;           // of each input, when last seen
  std::vector<std::uint32_t> order_;  // of this round
  std::size_t place_ = 0;             // in order_
  std::vector<std::uint32_t> drawn_;  // by the last call of next
  std::size_t wrong_;
};

/// Fills inputs [numbers, K], normalised, and targets [numbers, M], in levels, for the inputs with these numbers.
void make_samples(const device::DeviceShape& shape, const Normalisation& normalisation,
                  const std::vector<std::uint32_t>& numbers, float* inputs, float* targets);

}  // namespace optinc::design
