// How far an ONN's inputs may be off before a symbol is wrong: proved for every error within bounds, on every possible
// input. What a level 2 of an analog cascade needs, since level 1's errors are errors of its inputs.
//
// The method: the box of all inputs within the bounds goes through the network as a zonotope (zonotope.h), float32's
// own rounding is allowed for (rounding_allowance.h), and where that does not settle it the box is split in two along
// the input that moves the outputs most.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "optinc/base/progress.h"
#include "optinc/device/device_shape.h"
#include "optinc/onn/network.h"

namespace optinc::verify {

struct ToleranceOptions {
  int threads = 0;       ///< 0: all that are available; the result does not depend on it
  int most_splits = 10;  ///< a box is given up after so many halvings
  /// The inputs, by number: [first, first + count); count 0: all from `first` on.
  std::uint64_t first = 0;
  std::uint64_t count = 0;
};

struct ToleranceProof {
  std::uint64_t inputs = 0;
  std::uint64_t proved = 0;   ///< every symbol right for every error within the bounds
  std::uint64_t refuted = 0;  ///< an error within the bounds was found that makes a symbol wrong
  std::uint64_t undecided() const { return inputs - proved - refuted; }
  std::uint64_t boxes = 0;  ///< zonotopes that were followed
  std::optional<std::uint64_t> first_unproved;
  double seconds = 0;
};

/// For every input, A_k off by at most radius[k] levels [K]. Throws base::InputError for another number of radii, one
/// that is negative or NaN, or a network of another width.
ToleranceProof prove_tolerance(const onn::Network& network, const device::DeviceShape& shape,
                               std::span<const double> radius, const ToleranceOptions& options,
                               base::Progress* progress = nullptr);

/// The largest error of every A_k at once for which all is proved, in levels: `most` or what it is halved to, in steps
/// of a quarter octave. 0 where an input is wrong without any error.
double proved_tolerance(const onn::Network& network, const device::DeviceShape& shape, double most,
                        const ToleranceOptions& options, base::Progress* progress = nullptr);

/// The bounds [K] on the errors of level 2's inputs, in levels, where each of its N devices of level 1 errs by at most
/// `errors` [M] levels: the sum over an input's symbols, and the rounding of A_k to float32. All 0 where level 1 has no
/// error and N is a power of two: sums of such levels are exact.
std::vector<double> input_errors(const device::DeviceShape& level_2, std::span<const double> errors);

}  // namespace optinc::verify
