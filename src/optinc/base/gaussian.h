// Gaussian random numbers from a counter-based stream (random.h), by Box and Muller's transform: of the words 2 i and
// 2 i + 1 come numbers 2 i and 2 i + 1,
//     radius = sqrt(-2 ln((word_2i + 1/2) 2^-32)), angle = 2 pi 2^-32 word_2i+1, z = radius cos(angle), radius
//     sin(angle).
// Words of 32 bits end the tails at |z| = 6.76. P(|z| > x) is right to 2e-6 of itself at x = 5, 0.13 % at 6, 0.5 % at
// 6.2. Source: G. E. P. Box, M. E. Muller, "A note on the generation of random normal deviates", Ann. Math. Statist. 29
// (1958).
#pragma once

#include <cstddef>
#include <cstdint>

namespace optinc::base {

/// values [count] += scale * z, the z independent and standard normal: a function of (seed, stream) and the place in
/// `values` alone. In vector code, in float32: z to within 2e-6. The bits are the same on all CPUs with fused
/// multiply-add, whatever the length of their vectors.
void add_gaussians(std::uint64_t seed, std::uint64_t stream, float scale, std::size_t count, float* values);

/// The same numbers z in double, into values [count]: for parameters that are drawn, not for inner loops.
void gaussians(std::uint64_t seed, std::uint64_t stream, std::size_t count, double* values);

namespace reference {

/// What base::add_gaussians does, plainly and in double, rounded once at the end.
void add_gaussians(std::uint64_t seed, std::uint64_t stream, float scale, std::size_t count, float* values);

}  // namespace reference
}  // namespace optinc::base
