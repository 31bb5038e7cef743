// A chip in use: levels that the servers send in, levels on which their receivers decide out.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "optinc/chip/chip.h"
#include "optinc/onn/forward.h"
#include "optinc/onn/network.h"

namespace optinc::chip {

/// The chip's network for one shot of phase noise, and all that is added to signals. Noise is a function of the fab's
/// seed, the chip's number and the place of an input: how inputs are cut into calls changes nothing.
class ChipRun {
 public:
  /// Works out the matrices for shot number `shot`. `fab` and `chip` must live as long as this and stay as they are.
  ChipRun(const Fab& fab, const Chip& chip, std::uint64_t shot);

  /// levels [count, N M], those that transmitters should send, symbol i of server n at i N + n: are changed to those
  /// that they do. received [count, N M], in the same order: what receivers decide on, thresholds taken off. Input i
  /// has the place first + i < 2^37. Runs on the caller's thread; several may call it at once.
  void pass(std::uint64_t first, std::size_t count, float* levels, float* received) const;

 private:
  /// What detectors and activation do to the sums; drawn [count, units_]: the detectors' noise.
  void detect(const onn::LayerSums& layer, const std::vector<float>& drawn) const;

  const Fab& fab_;
  const Chip& chip_;
  onn::Network network_;
  std::vector<float> noise_;             // [layers], levels
  std::vector<float> full_scale_;        // [layers], levels
  std::vector<std::size_t> first_unit_;  // of each layer in a row of noise
  std::size_t units_ = 0;                // detectors that have noise
  bool plain_relu_;
};

}  // namespace optinc::chip
