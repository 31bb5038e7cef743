// The forward pass of an ONN, batched, float32, on SIMD.
//
// Every sum begins with the bias and takes the products in the order of the inputs, each by one fused multiply-add
// (CPUs without it multiply, then add). So a row's result depends, to the bit, on the row alone: not on how many come
// with it, nor on its place among them, nor on threads, and it is the same on every CPU with fused multiply-add.
#pragma once

#include <cstddef>

#include "optinc/onn/network.h"

namespace optinc::onn {

/// inputs [count, K] -> outputs [count, M], row-major. One thread; call it from several. A few dozen rows a call or
/// more keep the vector units full.
void forward(const Network& network, std::size_t count, const float* inputs, float* outputs);

namespace reference {
/// The same in plain loops and double precision: what `forward` is checked against.
void forward(const Network& network, std::size_t count, const float* inputs, double* outputs);
}  // namespace reference

}  // namespace optinc::onn
