#include "optinc/cli/perf_oracle.h"

#include <algorithm>
#include <limits>
#include <vector>

#include "optinc/codec/exact_average.h"
#include "optinc/codec/pam4.h"
#include "optinc/collective/optical_network.h"

namespace optinc::cli {
namespace {

using collective::ReduceOp;

/// All ranks' inputs of a range, quantised with the scales that they share.
struct Quantised {
  std::vector<std::uint16_t> scales;
  std::vector<std::vector<std::uint32_t>> codes;  // [rank]

  Quantised(int ranks, const Inputs& inputs, const codec::QuantiserOptions& quantiser, std::uint64_t seed,
            std::uint64_t first, std::size_t count)
      : scales(codec::block_count(count, quantiser.block)), codes(ranks, std::vector<std::uint32_t>(count)) {
    std::vector<std::vector<float>> values(ranks, std::vector<float>(count));
    std::vector<std::uint16_t> of_one(scales.size());
    for (int rank = 0; rank < ranks; ++rank) {
      inputs(rank, first, values[rank]);
      codec::reference::local_scales(values[rank], quantiser, of_one);
      for (std::size_t b = 0; b < scales.size(); ++b) scales[b] = std::max(scales[b], of_one[b]);
    }
    for (int rank = 0; rank < ranks; ++rank) {
      codec::reference::quantise(values[rank], scales, quantiser, collective::quantiser_stream(seed, rank), first,
                                 codes[rank]);
    }
  }
};

}  // namespace

Oracle electrical_oracle(int ranks, const Inputs& inputs, ReduceOp op) {
  return {.grain = 1, .expect = [=](std::uint64_t first, std::span<float> expected) {
            std::vector<float> of_one(expected.size());
            std::vector<double> sums(expected.size());
            for (int rank = 0; rank < ranks; ++rank) {
              inputs(rank, first, of_one);
              for (std::size_t i = 0; i < sums.size(); ++i) sums[i] += of_one[i];
            }
            for (std::size_t i = 0; i < sums.size(); ++i) {
              expected[i] = static_cast<float>(op == ReduceOp::average ? sums[i] / ranks : sums[i]);
            }
          }};
}

Oracle optical_oracle(int ranks, const Inputs& inputs, ReduceOp op, const codec::QuantiserOptions& quantiser, int ports,
                      codec::Rounding rounding, std::uint64_t seed) {
  return {.grain = quantiser.block, .expect = [=](std::uint64_t first, std::span<float> expected) {
            const Quantised quantised(ranks, inputs, quantiser, seed, first, expected.size());
            std::vector<std::uint32_t> averages(expected.size());
            codec::exact_averages(
                std::vector<std::span<const std::uint32_t>>(quantised.codes.begin(), quantised.codes.end()), ports,
                quantiser.bits, rounding, codec::RoundingBits(seed), first, averages);
            codec::reference::dequantise(averages, quantised.scales, quantiser, static_cast<double>(ports) / ranks,
                                         expected);
            if (op != ReduceOp::sum) return;
            for (float& value : expected) value *= static_cast<float>(ranks);
          }};
}

Oracle int32_oracle(int ranks, const Inputs& inputs, ReduceOp op, const codec::QuantiserOptions& quantiser) {
  return {.grain = quantiser.block, .expect = [=](std::uint64_t first, std::span<float> expected) {
            const Quantised quantised(ranks, inputs, quantiser, 0, first, expected.size());
            for (std::size_t i = 0; i < expected.size(); ++i) {
              const std::uint16_t scale = quantised.scales[i / quantiser.block];
              std::int64_t sum = 0;
              for (const std::vector<std::uint32_t>& codes : quantised.codes) {
                sum += static_cast<std::int64_t>(codes[i]) - codec::zero_code(quantiser.bits);
              }
              const auto average =
                  static_cast<float>(static_cast<double>(sum) * codec::step_of(scale, quantiser) / ranks);
              expected[i] = codec::is_non_finite(quantiser.scale_format, scale)
                                ? std::numeric_limits<float>::quiet_NaN()
                                : average * (op == ReduceOp::sum ? static_cast<float>(ranks) : 1.0f);
            }
          }};
}

}  // namespace optinc::cli
