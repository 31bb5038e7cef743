// Gaussian random numbers from a counter-based stream.
#pragma once

#include <cstddef>
#include <cstdint>

namespace optinc::verify {

/// values [count] += scale * z, the z independent and of standard normal distribution: a function of (seed, stream) and
/// the place in `values` alone. Box-Muller on 32-bit words: |z| stays below 6.7.
void add_gaussians(std::uint64_t seed, std::uint64_t stream, float scale, std::size_t count, float* values);

}  // namespace optinc::verify
