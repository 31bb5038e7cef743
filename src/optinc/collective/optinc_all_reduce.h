// All-reduce through the optics: block quantise, send as PAM4 symbols, let the fabric average, dequantise (paper
// section III; doc/collective.md).
#pragma once

#include <vector>

#include "optinc/codec/block_quantiser.h"
#include "optinc/collective/all_reduce.h"
#include "optinc/collective/ring.h"
#include "optinc/collective/transport.h"
#include "optinc/fabric/fabric.h"

namespace optinc::collective {

struct OpticalAllReduceOptions {
  codec::QuantiserOptions quantiser;
  std::uint64_t seed = 0;  ///< of stochastic quantisation and of the bits of nearest-unbiased rounding
  /// The simulation of the fabric is shared out over the ranks in multiples of so many elements: a multiple of 4, so
  /// that every share starts on a byte of the packed streams.
  std::size_t grain = 1024;
};

/// The ranks are the servers 0 .. size - 1 of the fabric. A block with a NaN or Inf at any rank is NaN at every rank.
///
/// There is one fabric in the modelled system, and every rank has a copy of it to simulate: rank r computes what light
/// would do for share r of the elements. Random bits go by the element's place in the whole, so the shares can't be
/// seen.
class OpticalAllReduce : public AllReduce {
 public:
  /// Throws base::InputError for more ranks than ports, for bits that are not the fabric's, and for impossible options.
  /// `transport` and `fabric` must live as long as this.
  OpticalAllReduce(Transport& transport, const fabric::Fabric& fabric, const OpticalAllReduceOptions& options);
  AllReduceStats average(std::span<float> values, std::uint64_t first_element) override;

 private:
  /// values -> scales_, the same at all ranks.
  void agree_on_scales(std::span<const float> values);
  /// values [n] -> packed_ [packed_bytes(n)].
  void quantise_and_pack(std::span<const float> values, std::uint64_t first_element);
  /// Share r of all ranks' packed_ -> share r of averaged_.
  void simulate_share(const Parts& shares, const Parts& packed_shares, std::uint64_t first_element);
  /// averaged_ -> values. Returns the number of non-finite blocks.
  std::size_t unpack_and_dequantise(std::span<float> values);
  /// The scales of the elements from `begin` on, `begin` at the start of a block.
  std::span<const std::uint16_t> scales_of(std::size_t begin, std::size_t count) const;

  Transport& transport_;
  const fabric::Fabric& fabric_;
  OpticalAllReduceOptions options_;

  // Kept between calls, so that a training step allocates nothing.
  std::vector<std::uint16_t> scales_;               // [blocks]
  std::vector<std::uint16_t> arrived_scales_;       // scratch of the ring
  std::vector<std::uint32_t> codes_;                // [a tile of whole blocks]
  std::vector<std::uint8_t> packed_;                // this rank's symbols, all elements
  std::vector<std::uint8_t> averaged_;              // the result's symbols, all elements
  std::vector<std::vector<std::uint8_t>> arrived_;  // [rank]: that rank's symbols, this rank's share of the elements
  std::vector<std::span<const std::uint8_t>> server_symbols_;
};

}  // namespace optinc::collective
