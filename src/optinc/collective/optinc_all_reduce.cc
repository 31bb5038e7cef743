#include "optinc/collective/optinc_all_reduce.h"

#include <algorithm>
#include <numeric>

#include "optinc/base/error.h"
#include "optinc/codec/pam4.h"

namespace optinc::collective {
namespace {

// Rank r draws its stochastic rounding from stream kQuantiseStream + r.
constexpr std::uint64_t kQuantiseStream = 0x7175616e74697365;  // "quantise" in ASCII

/// Elements that are quantised, or dequantised, at a time: whole blocks, because scales come by the block; a multiple
/// of 4, so that a tile's symbols are whole bytes; and otherwise few enough that their codes stay in the cache.
std::size_t tile_of(std::size_t block, std::size_t count) {
  constexpr std::size_t kWanted = 16384;
  if (block >= count) return std::max<std::size_t>(count, 1);
  const std::size_t least = std::lcm(block, std::size_t{4});
  return least * std::max<std::size_t>(kWanted / least, 1);
}

/// The parts of the packed stream that hold the parts of the elements; these start on whole bytes.
Parts in_packed_bytes(const Parts& shares, int ranks, int bits) {
  std::vector<std::size_t> ends;
  for (int rank = 0; rank < ranks; ++rank) ends.push_back(codec::packed_bytes(shares.end(rank), bits));
  return Parts(ends);
}

}  // namespace

OpticalAllReduce::OpticalAllReduce(Transport& transport, const fabric::Fabric& fabric,
                                   const OpticalAllReduceOptions& options)
    : transport_(transport), fabric_(fabric), options_(options), arrived_(transport.size()) {
  codec::check(options.quantiser);
  base::require(options.quantiser.bits == fabric.bits(), "the quantiser makes {} bits, the device averages {}",
                options.quantiser.bits, fabric.bits());
  base::require(transport.size() <= fabric.ports(), "{} ranks, but the device has {} ports", transport.size(),
                fabric.ports());
  base::require(options.grain > 0 && options.grain % 4 == 0, "grain {}: expected a multiple of 4", options.grain);
}

AllReduceStats OpticalAllReduce::average(std::span<float> values, std::uint64_t first_element) {
  const int bits = options_.quantiser.bits;
  const Parts shares(values.size(), transport_.size(), options_.grain);
  const Parts packed_shares = in_packed_bytes(shares, transport_.size(), bits);
  const std::size_t packed_bytes = codec::packed_bytes(values.size(), bits);
  scales_.resize(codec::block_count(values.size(), options_.quantiser.block));
  packed_.resize(packed_bytes);
  averaged_.resize(packed_bytes);

  agree_on_scales(values);
  quantise_and_pack(values, first_element);
  simulate_share(shares, packed_shares, first_element);
  ring_all_gather(transport_, packed_shares, std::span(averaged_));
  const std::size_t non_finite_blocks = unpack_and_dequantise(values);
  return {.payload_bytes = values.size_bytes(),
          .wire_bytes = packed_bytes + scales_.size() * codec::scale_bytes(options_.quantiser.scale_format),
          .non_finite_blocks = non_finite_blocks};
}

void OpticalAllReduce::agree_on_scales(std::span<const float> values) {
  codec::local_scales(values, options_.quantiser, scales_);
  const Parts parts(scales_.size(), transport_.size(), 1);
  constexpr std::size_t kSegment = std::size_t{1} << 19;
  ring_reduce_scatter(
      transport_, parts, kSegment, std::span(scales_), [](std::uint16_t a, std::uint16_t b) { return std::max(a, b); },
      arrived_scales_);
  ring_all_gather(transport_, parts, std::span(scales_));
}

void OpticalAllReduce::quantise_and_pack(std::span<const float> values, std::uint64_t first_element) {
  const codec::QuantiserOptions& quantiser = options_.quantiser;
  const base::CounterStream stream(options_.seed, kQuantiseStream + static_cast<std::uint64_t>(transport_.rank()));
  const std::size_t tile = tile_of(quantiser.block, values.size());
  codes_.resize(std::min(tile, values.size()));
  for (std::size_t begin = 0; begin < values.size(); begin += tile) {
    const std::size_t count = std::min(tile, values.size() - begin);
    const std::span<std::uint32_t> codes(codes_.data(), count);
    codec::quantise(values.subspan(begin, count), scales_of(begin, count), quantiser, stream, first_element + begin,
                    codes);
    codec::pack_symbols(codes, quantiser.bits,
                        std::span(packed_).subspan(codec::packed_bytes(begin, quantiser.bits),
                                                   codec::packed_bytes(count, quantiser.bits)));
  }
}

void OpticalAllReduce::simulate_share(const Parts& shares, const Parts& packed_shares, std::uint64_t first_element) {
  const int size = transport_.size(), rank = transport_.rank();
  const std::span<const std::uint8_t> own(packed_);
  server_symbols_.resize(size);
  server_symbols_[rank] = packed_shares.of(own, rank);
  for (int round = 1; round < size; ++round) {
    const int to = (rank + round) % size, from = (rank + size - round) % size;
    arrived_[from].resize(packed_shares.size(rank));
    transport_.exchange(to, std::as_bytes(packed_shares.of(own, to)), from,
                        std::as_writable_bytes(std::span(arrived_[from])));
    server_symbols_[from] = arrived_[from];
  }
  if (shares.size(rank) == 0) return;
  fabric_.average(server_symbols_, shares.size(rank), codec::RoundingBits(options_.seed),
                  first_element + shares.begin(rank), packed_shares.of(std::span(averaged_), rank));
}

std::size_t OpticalAllReduce::unpack_and_dequantise(std::span<float> values) {
  const codec::QuantiserOptions& quantiser = options_.quantiser;
  const double gain = static_cast<double>(fabric_.ports()) / transport_.size();
  const std::size_t tile = tile_of(quantiser.block, values.size());
  std::size_t non_finite_blocks = 0;
  for (std::size_t begin = 0; begin < values.size(); begin += tile) {
    const std::size_t count = std::min(tile, values.size() - begin);
    const std::span<std::uint32_t> codes(codes_.data(), count);
    codec::unpack_symbols(averaged_, quantiser.bits, begin, codes);
    non_finite_blocks +=
        codec::dequantise(codes, scales_of(begin, count), quantiser, gain, values.subspan(begin, count));
  }
  return non_finite_blocks;
}

std::span<const std::uint16_t> OpticalAllReduce::scales_of(std::size_t begin, std::size_t count) const {
  const std::size_t block = options_.quantiser.block;
  return std::span(scales_).subspan(begin / block, codec::block_count(count, block));
}

}  // namespace optinc::collective
