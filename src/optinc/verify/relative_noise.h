// How much noise an ONN bears: the exact-symbol rate under relative noise.
//
// Relative noise sigma: on every output of every layer, behind its ReLU and the last layer included, independent
// Gaussian noise of sigma times that layer's largest absolute output over all possible inputs.
#pragma once

#include <cstdint>
#include <vector>

#include "optinc/base/progress.h"
#include "optinc/base/record.h"
#include "optinc/device/device_shape.h"
#include "optinc/onn/network.h"

namespace optinc::verify {

struct NoiseOptions {
  int draws = 10;            ///< of the noise, an input
  std::uint64_t seed = 1;    ///< of the noise, and of the sample
  std::uint64_t sample = 0;  ///< this many inputs drawn at random; 0: every input once a draw
  int threads = 0;           ///< 0: all that are available; the result does not depend on it
};

struct NoiseRate {
  double sigma = 0;
  std::uint64_t trials = 0;  ///< inputs times draws
  std::uint64_t right = 0;   ///< of them, those whose every symbol is right behind the receiver
  double seconds = 0;

  double rate() const { return trials == 0 ? 0 : static_cast<double>(right) / static_cast<double>(trials); }
  /// Standard error of the rate: the trials are independent in their noise.
  double standard_error() const;
};

/// The largest absolute output of every layer (behind its ReLU) over all possible inputs of `shape`, or over the sample
/// that `options` names; `progress` (may be null) is told of inputs done.
std::vector<double> largest_outputs(const onn::Network& network, const device::DeviceShape& shape,
                                    const NoiseOptions& options, base::Progress* progress = nullptr);

/// The same of every wire: [layers][wires].
std::vector<std::vector<double>> largest_of_wires(const onn::Network& network, const device::DeviceShape& shape,
                                                  const NoiseOptions& options, base::Progress* progress = nullptr);

/// The noise of an input in a draw is a function of the seed and its place in the order (or sample) alone. largest:
/// [layers], as above. Throws base::InputError for a network of another shape, sigma below 0 or not finite, or no
/// draws.
NoiseRate noise_rate(const onn::Network& network, const device::DeviceShape& shape, const std::vector<double>& largest,
                     double sigma, const NoiseOptions& options, base::Progress* progress = nullptr);

/// The largest relative noise at which at least this share of the trials is right, to 2 %; 0 where even 1e-6 is too
/// much, at most 0.1.
double tolerated_noise(const onn::Network& network, const device::DeviceShape& shape,
                       const std::vector<double>& largest, double rate, const NoiseOptions& options);

/// One element of the record `noise` (doc/format_records.md).
base::Json to_json(const NoiseRate& rate);

}  // namespace optinc::verify
