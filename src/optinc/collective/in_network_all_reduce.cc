#include "optinc/collective/in_network_all_reduce.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <numeric>

#include "optinc/base/error.h"
#include "optinc/base/parallel.h"
#include "optinc/base/stopwatch.h"
#include "optinc/collective/transport_error.h"

namespace optinc::collective {
namespace {

using base::Stopwatch;

/// Whether the tensor's own memory can be read and written as floats.
bool is_aligned_float32(const Tensor& tensor, const std::byte* memory) {
  return tensor.type == codec::ElementType::float32 && reinterpret_cast<std::uintptr_t>(memory) % alignof(float) == 0;
}

}  // namespace

InNetworkAllReduce::InNetworkAllReduce(Transport& transport, const InNetwork& network, const InNetworkOptions& options)
    : transport_(transport), network_(network), options_(options), arrived_(transport.size()) {
  base::require(transport.size() <= network.ports(), "{} ranks, but the device has {} ports", transport.size(),
                network.ports());
  base::require(options.grain > 0 && options.grain % 4 == 0, "grain {}: expected a multiple of 4", options.grain);
  base::require(options.chunk > 0, "chunk {}: expected 1 or more", options.chunk);
  base::require(options.threads >= 0, "threads {}: expected 0 (all) or more", options.threads);
}

std::size_t InNetworkAllReduce::chunk_of(std::size_t count) const {
  // Whole blocks, because scales come by the block; a multiple of 4, so that a chunk's symbols are whole bytes.
  const std::size_t least = std::lcm(network_.quantiser().block, std::size_t{4});
  if (least >= count) return std::max<std::size_t>(count, 1);
  return least * std::max<std::size_t>(options_.chunk / least, 1);
}

AllReduceStats InNetworkAllReduce::run(const Tensor& tensor, const ReduceCall& call) {
  const int size = transport_.size(), rank = transport_.rank();
  const std::size_t chunk_size = chunk_of(tensor.count);
  const std::size_t chunks = (tensor.count + chunk_size - 1) / chunk_size;
  const std::size_t block = network_.quantiser().block;
  const auto chunk_at = [&](std::size_t c) -> Chunk& { return under_way_[c % under_way_.size()]; };
  const std::size_t room = network_.packed_bytes(std::min(chunk_size, tensor.count));
  packed_.resize(room);
  reduced_.resize(room);
  AllReduceStats stats{.payload_bytes = tensor.bytes(), .rounds = 2, .servers = network_.servers_heard(size)};

  terms_ = terms_of(tensor, call);
  terms_of_.assign(size, terms_);

  // In step t three chunks move at once, so that the ranks meet once a chunk: the scales of chunk t go to all, the
  // elements of chunk t - 1 to the ranks that reduce them, and the results of chunk t - 2 to all.
  for (std::size_t t = 0; t < chunks + 2 && chunks > 0; ++t) {
    sent_.clear();
    received_.clear();
    const bool has_scales = t < chunks, has_elements = t >= 1 && t - 1 < chunks, has_results = t >= 2;
    if (has_results) {
      const Stopwatch watch(stats.emulate_seconds);
      reduce_share(chunk_at(t - 2), call.first_element);
    }
    if (has_elements) {
      const Stopwatch watch(stats.quantise_seconds);
      encode(tensor, call, chunk_at(t - 1));
    }
    if (has_scales) {
      Chunk& chunk = chunk_at(t);
      chunk.begin = t * chunk_size;
      chunk.count = std::min(chunk_size, tensor.count - chunk.begin);
      const Stopwatch watch(stats.quantise_seconds);
      find_scales(tensor, call, chunk);
      stats.wire_bytes += network_.packed_bytes(chunk.count) +
                          chunk.scales.size() * codec::scale_bytes(network_.quantiser().scale_format);
    }
    for (int other = 1; other < size; ++other) {
      const int to = (rank + other) % size, from = (rank + size - other) % size;
      if (t == 0) {
        sent_.push_back({to, std::as_bytes(std::span(&terms_, 1))});
        received_.push_back({from, std::as_writable_bytes(std::span(&terms_of_[from], 1))});
      }
      if (has_scales) {
        Chunk& chunk = chunk_at(t);
        const std::size_t blocks = codec::block_count(chunk.count, block);
        sent_.push_back({to, std::as_bytes(std::span(chunk.scales))});
        received_.push_back(
            {from, std::as_writable_bytes(std::span(chunk.theirs).subspan((other - 1) * blocks, blocks))});
      }
      if (has_elements) {
        const Parts shares(chunk_at(t - 1).count, size, options_.grain);
        arrived_[from].resize(network_.packed_bytes(shares.size(rank)));
        sent_.push_back({to, std::as_bytes(packed_part(packed_, shares.begin(to), shares.size(to)))});
        received_.push_back({from, std::as_writable_bytes(std::span(arrived_[from]))});
      }
      if (has_results) {
        const Parts shares(chunk_at(t - 2).count, size, options_.grain);
        sent_.push_back({to, std::as_bytes(packed_part(reduced_, shares.begin(rank), shares.size(rank)))});
        received_.push_back(
            {from, std::as_writable_bytes(packed_part(reduced_, shares.begin(from), shares.size(from)))});
      }
    }
    exchange_and_check(t == 0);
    if (has_scales) take_largest_scales(chunk_at(t));
    if (has_results) {
      const Stopwatch watch(stats.quantise_seconds);
      const Chunk& chunk = chunk_at(t - 2);
      stats.non_finite_blocks += decode(tensor, call, chunk);
      report_done((chunk.begin + chunk.count) * tensor.element_bytes());
    }
  }
  return stats;
}

InNetworkAllReduce::Terms InNetworkAllReduce::terms_of(const Tensor& tensor, const ReduceCall& call) const {
  const codec::QuantiserOptions& quantiser = network_.quantiser();
  return {.count = tensor.count,
          .first_element = call.first_element,
          .block = quantiser.block,
          .chunk = options_.chunk,
          .type = static_cast<std::int32_t>(tensor.type),
          .op = static_cast<std::int32_t>(call.op),
          .bits = quantiser.bits,
          .scale_format = static_cast<std::int32_t>(quantiser.scale_format)};
}

void InNetworkAllReduce::exchange_and_check(bool with_terms) {
  try {
    transport_.exchange(sent_, received_);
  } catch (const TransportError& error) {
    // Where ranks ask for other lengths, the messages behind the terms have other sizes. The terms came first.
    if (with_terms && error.cause() == TransportError::Cause::mismatch) check_terms();
    throw;
  }
  if (with_terms) check_terms();
}

void InNetworkAllReduce::check_terms() const {
  const auto text_of = [](const Terms& terms) {
    return fmt::format("{} of {} elements of {} from number {}, {} bits, blocks of {} in {}, chunks of {}",
                       to_string(static_cast<ReduceOp>(terms.op)), terms.count,
                       codec::to_string(static_cast<codec::ElementType>(terms.type)), terms.first_element, terms.bits,
                       terms.block, codec::to_string(static_cast<codec::ScaleFormat>(terms.scale_format)), terms.chunk);
  };
  for (int other = 0; other < transport_.size(); ++other) {
    if (terms_of_[other] == terms_) continue;
    throw TransportError(TransportError::Cause::mismatch, other,
                         fmt::format("rank {} of {}: rank {} calls for the {}, this rank for the {}", transport_.rank(),
                                     transport_.size(), other, text_of(terms_of_[other]), text_of(terms_)));
  }
}

std::span<const float> InNetworkAllReduce::inputs_of(const Tensor& tensor, const ReduceCall& call, const Chunk& chunk) {
  const std::byte* const input = tensor.input + chunk.begin * tensor.element_bytes();
  if (call.residual.empty() && is_aligned_float32(tensor, input)) {
    return {reinterpret_cast<const float*>(input), chunk.count};
  }
  inputs_.resize(std::max(inputs_.size(), chunk.count));
  in_parts(chunk, [&](std::size_t begin, std::size_t count) {
    const std::span<float> values(inputs_.data() + begin, count);
    codec::to_float(tensor.type, input + begin * tensor.element_bytes(), values);
    if (call.residual.empty()) return;
    for (std::size_t i = 0; i < count; ++i) values[i] += call.residual[chunk.begin + begin + i];
  });
  return {inputs_.data(), chunk.count};
}

void InNetworkAllReduce::find_scales(const Tensor& tensor, const ReduceCall& call, Chunk& chunk) {
  const std::span<const float> values = inputs_of(tensor, call, chunk);
  const std::size_t block = network_.quantiser().block;
  chunk.scales.resize(codec::block_count(chunk.count, block));
  chunk.theirs.resize(chunk.scales.size() * (transport_.size() - 1));
  in_parts(chunk, [&](std::size_t begin, std::size_t count) {
    codec::local_scales(values.subspan(begin, count), network_.quantiser(),
                        std::span(chunk.scales).subspan(begin / block, codec::block_count(count, block)));
  });
}

void InNetworkAllReduce::take_largest_scales(Chunk& chunk) const {
  const std::size_t blocks = chunk.scales.size();
  for (std::size_t other = 0; other < chunk.theirs.size(); other += blocks) {
    for (std::size_t b = 0; b < blocks; ++b) chunk.scales[b] = std::max(chunk.scales[b], chunk.theirs[other + b]);
  }
}

void InNetworkAllReduce::encode(const Tensor& tensor, const ReduceCall& call, const Chunk& chunk) {
  const std::span<const float> values = inputs_of(tensor, call, chunk);
  in_parts(chunk, [&](std::size_t begin, std::size_t count) {
    const std::span<const std::uint16_t> scales = scales_of(chunk, begin, count);
    const std::span<std::uint8_t> packed = packed_part(packed_, begin, count);
    network_.encode(values.subspan(begin, count), scales, transport_.rank(), call.first_element + chunk.begin + begin,
                    packed);
    if (call.residual.empty()) return;
    const std::span<float> left = call.residual.subspan(chunk.begin + begin, count);
    network_.decode_own(packed, scales, left);
    for (std::size_t i = 0; i < count; ++i) {
      const float error = values[begin + i] - left[i];
      // Nothing is carried over from a block with a NaN or Inf: it would spoil all steps to come.
      left[i] = std::isfinite(error) ? error : 0.0f;
    }
  });
}

void InNetworkAllReduce::reduce_share(const Chunk& chunk, std::uint64_t first_element) {
  const Parts shares(chunk.count, transport_.size(), options_.grain);
  const int rank = transport_.rank();
  const std::size_t begin = shares.begin(rank), count = shares.size(rank);
  if (count == 0) return;
  std::vector<std::span<const std::uint8_t>> servers(arrived_.begin(), arrived_.end());
  servers[rank] = packed_part(packed_, begin, count);
  network_.reduce(servers, count, first_element + chunk.begin + begin, packed_part(reduced_, begin, count));
}

std::size_t InNetworkAllReduce::decode(const Tensor& tensor, const ReduceCall& call, const Chunk& chunk) {
  std::byte* const output = tensor.output + chunk.begin * tensor.element_bytes();
  const bool direct = is_aligned_float32(tensor, output);
  if (!direct) outputs_.resize(std::max(outputs_.size(), chunk.count));
  float* const values = direct ? reinterpret_cast<float*>(output) : outputs_.data();
  const bool sum = call.op == ReduceOp::sum;
  const int servers = transport_.size();
  const auto factor = static_cast<float>(network_.servers_heard(servers));
  std::atomic<std::size_t> non_finite_blocks = 0;
  in_parts(chunk, [&](std::size_t begin, std::size_t count) {
    const std::span<float> part(values + begin, count);
    non_finite_blocks +=
        network_.decode(packed_part(reduced_, begin, count), scales_of(chunk, begin, count), servers, part);
    if (sum) {
      for (float& value : part) value *= factor;
    }
    if (!direct) {
      codec::from_float(part, tensor.type, sum ? codec::Overflow::to_infinity : codec::Overflow::to_largest,
                        output + begin * tensor.element_bytes());
    }
  });
  return non_finite_blocks;
}

void InNetworkAllReduce::in_parts(const Chunk& chunk, const std::function<void(std::size_t, std::size_t)>& work) const {
  // Small enough that what a stage writes is still in the cache where it reads it again.
  constexpr std::size_t kWanted = 16384;
  const std::size_t least = std::lcm(network_.quantiser().block, std::size_t{4});
  const std::size_t grain = std::min(chunk.count, least * std::max<std::size_t>(kWanted / least, 1));
  base::parallel_for(chunk.count, grain, options_.threads,
                     [&](std::size_t begin, std::size_t end, int) { work(begin, end - begin); });
}

std::span<const std::uint16_t> InNetworkAllReduce::scales_of(const Chunk& chunk, std::size_t begin,
                                                             std::size_t count) const {
  const std::size_t block = network_.quantiser().block;
  return std::span(chunk.scales).subspan(begin / block, codec::block_count(count, block));
}

std::span<std::uint8_t> InNetworkAllReduce::packed_part(std::vector<std::uint8_t>& packed, std::size_t begin,
                                                        std::size_t count) const {
  return std::span(packed).subspan(network_.packed_bytes(begin), network_.packed_bytes(count));
}

}  // namespace optinc::collective
