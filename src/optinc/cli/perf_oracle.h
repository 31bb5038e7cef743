// What an all-reduce must give on known sums, element by element, from the plain reference code of the codec.
#pragma once

#include <cstdint>
#include <functional>
#include <span>

#include "optinc/cli/known_sums.h"
#include "optinc/codec/block_quantiser.h"
#include "optinc/codec/rounding.h"
#include "optinc/collective/all_reduce.h"

namespace optinc::cli {

/// Inputs first .. of a rank; by default those of KnownSums.
using Inputs = std::function<void(int rank, std::uint64_t first, std::span<float> values)>;

/// expected = what must be in a float32 output, for the elements from `first` on, a multiple of the oracle's `grain`.
struct Oracle {
  std::size_t grain = 1;
  std::function<void(std::uint64_t first, std::span<float> expected)> expect;
};

/// The exact sum, or average, rounded once.
Oracle electrical_oracle(int ranks, const Inputs& inputs, collective::ReduceOp op);

/// Quantise at every rank, average the codes over `ports` ports as whole numbers, dequantise. Rounding bits and streams
/// of `seed`.
Oracle optical_oracle(int ranks, const Inputs& inputs, collective::ReduceOp op,
                      const codec::QuantiserOptions& quantiser, int ports, codec::Rounding rounding,
                      std::uint64_t seed);

/// Quantise at every rank, add the whole numbers.
Oracle int32_oracle(int ranks, const Inputs& inputs, collective::ReduceOp op, const codec::QuantiserOptions& quantiser);

}  // namespace optinc::cli
