// The forward pass of an ONN, batched, float32, on BLAS.
#pragma once

#include <cstddef>

#include "optinc/onn/network.h"

namespace optinc::onn {

/// Rows that are computed together. Every pass is cut in whole tiles of this size (the last one padded), so that a row's
/// result never depends, to the bit, on how many rows come with it.
inline constexpr std::size_t kForwardTile = 256;

/// inputs [count, K] -> outputs [count, M], row-major. One thread; call it from several.
void forward(const Network& network, std::size_t count, const float* inputs, float* outputs);

namespace reference {
/// The same in plain loops and double precision: what `forward` is checked against.
void forward(const Network& network, std::size_t count, const float* inputs, double* outputs);
}  // namespace reference

}  // namespace optinc::onn
