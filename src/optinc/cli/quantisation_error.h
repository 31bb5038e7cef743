// What quantising costs an average of Gaussian numbers, predicted and measured.
#pragma once

#include <cstdint>

#include "optinc/codec/block_quantiser.h"
#include "optinc/codec/rounding.h"

namespace optinc::cli {

struct QuantisationQuestion {
  codec::QuantiserOptions quantiser;
  codec::Rounding rounding = codec::Rounding::nearest;
  int servers = 4;
  int ports = 4;
};

/// The normalised mean square error of the average, for independent standard Gaussian numbers, half-even or stochastic
/// quantisation with a step D shared by a block of n elements at N servers, ports P, absmax16 or exponent8.
///   each server's rounding          D^2/12 (half-even) or D^2/6 (stochastic), a share 1/N of it in the average
///   the device's rounding           (P/N)^2 D^2 ((1 - 1/P^2)/12 + bias^2), bias in steps: doc/notation.md
///   the signal                      1/N
/// D = E(max of n N numbers) / (2^(B-1) - 1); for exponent8 the power of two above that maximum is taken.
/// Where the device's step is about as wide as the average itself (a prediction above 1/2), it is no longer met evenly,
/// and this is too much by a quarter.
double predicted_nmse(const QuantisationQuestion& question);

/// The same, measured: quantised, averaged exactly as whole numbers and dequantised, `blocks` blocks of numbers drawn
/// from `seed`.
double measured_nmse(const QuantisationQuestion& question, std::size_t blocks, std::uint64_t seed);

}  // namespace optinc::cli
