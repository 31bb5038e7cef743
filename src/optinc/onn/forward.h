// The forward pass of an ONN, batched, float32, on SIMD.
//
// Every sum begins with the bias and takes the products in the order of the inputs, each by one fused multiply-add
// (CPUs without it multiply, then add). So a row's result depends, to the bit, on the row alone: not on how many come
// with it, nor on its place among them, nor on threads, and it is the same on every CPU with fused multiply-add.
#pragma once

#include <cstddef>
#include <functional>

#include "optinc/onn/network.h"

namespace optinc::onn {

/// inputs [count, K] -> outputs [count, M], row-major. One thread; call it from several. A few dozen rows a call or
/// more keep the vector units full.
void forward(const Network& network, std::size_t count, const float* inputs, float* outputs);

/// The sums of one layer for some rows: unit j of row first_row + r is at [j * stride + r].
struct LayerSums {
  std::size_t layer;  ///< from 0
  std::size_t first_row, rows;
  std::size_t units, stride;
  float* sums;
};

/// The same with `behind` in place of the ReLUs, called for the sums of every layer, the last one's too, on the rows of
/// a block; it changes them as it likes.
void forward(const Network& network, std::size_t count, const float* inputs, float* outputs,
             const std::function<void(const LayerSums&)>& behind);

namespace reference {
/// The same in plain loops and double precision: what `forward` is checked against.
void forward(const Network& network, std::size_t count, const float* inputs, double* outputs);
}  // namespace reference

}  // namespace optinc::onn
