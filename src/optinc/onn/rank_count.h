// The interferometers that a layer's matrix takes where the mesh is made for it: wires that meet no others apart, and
// no more singular values than there are. A lower count than that of dense meshes (mzi_count.h), of constructed designs
// above all, whose matrices are sparse and of low rank.
#pragma once

#include <cstdint>
#include <vector>

#include "optinc/onn/network.h"

namespace optinc::onn {

/// A dense m x n matrix of rank r, W = U S V^T: r(2m-r-1)/2 + r(2n-r-1)/2 + r. U has r orthonormal columns, which are
/// mr - r(r+1)/2 angles. A square one of full rank takes dense_mzis.
std::int64_t mzis_of_rank(std::int64_t outputs, std::int64_t inputs, std::int64_t rank);

/// A block of a layer: inputs and outputs that its entries that are not 0 bind together.
struct Block {
  int outputs = 0, inputs = 0, rank = 0;
};

/// The blocks of a layer's weight. Singular values below `tolerance` times a block's longest row count as none:
/// weights are float32.
std::vector<Block> blocks_of(const Layer& layer, double tolerance = 1e-5);

/// Of each layer: its blocks by rank. A block of one input and one output is one interferometer, which sets its height.
std::vector<std::int64_t> count_by_rank(const Network& network);

}  // namespace optinc::onn
