// All-reduce through a network that reduces (doc/collective.md): scales are agreed on, then every rank's elements go
// into the network once and the result comes out of it once.
#pragma once

#include <array>
#include <functional>
#include <vector>

#include "optinc/collective/all_reduce.h"
#include "optinc/collective/in_network.h"
#include "optinc/collective/parts.h"
#include "optinc/collective/transport.h"

namespace optinc::collective {

struct InNetworkOptions {
  /// Elements that go through together, rounded to whole blocks: while one chunk's scales are agreed on, the chunk
  /// before it is encoded and sent, and the one before that comes back.
  std::size_t chunk = std::size_t{1} << 18;
  /// The simulation of the network is shared out over the ranks in multiples of so many elements: a multiple of 4, so
  /// that every share starts on a byte of the packed streams.
  std::size_t grain = 1024;
  int threads = 1;  ///< that encode and decode, a rank; 0: all. The result does not depend on it.
};

/// The ranks are the servers 0 .. size - 1 of the network. A block with a NaN or Inf at any rank is NaN at every rank.
///
/// There is one network in the modelled system, and every rank has a copy of it to simulate: rank r computes what it
/// would do for share r of the elements of each chunk. Random bits go by the element's place in the whole, so neither
/// shares nor chunks can be seen. Ranks that call with other types, lengths or options than the others are told so.
class InNetworkAllReduce : public AllReduce {
 public:
  /// Throws base::InputError for more ranks than ports, and for impossible options. `transport` and `network` must live
  /// as long as this.
  InNetworkAllReduce(Transport& transport, const InNetwork& network, const InNetworkOptions& options = {});
  std::string name() const override { return network_.name(); }

 private:
  /// What this rank keeps of a chunk that is under way.
  struct Chunk {
    std::size_t begin = 0, count = 0;   // elements
    std::vector<std::uint16_t> scales;  // [blocks] this rank's, then the largest of all ranks
    std::vector<std::uint16_t> theirs;  // [other ranks, blocks]
  };

  /// What all ranks must agree on before their numbers can mean the same.
  struct Terms {
    std::uint64_t count, first_element, block, chunk;
    std::int32_t type, op, bits, scale_format;
    bool operator==(const Terms&) const = default;
  };

  AllReduceStats run(const Tensor& tensor, const ReduceCall& call) override;
  Terms terms_of(const Tensor& tensor, const ReduceCall& call) const;
  /// The messages that have been gathered; `with_terms`: everyone's terms are among them.
  void exchange_and_check(bool with_terms);
  /// Throws TransportError that names the rank and what it calls for, where that is not what this rank does.
  void check_terms() const;
  std::size_t chunk_of(std::size_t count) const;

  // The stages of a chunk, in order.
  void find_scales(const Tensor& tensor, const ReduceCall& call, Chunk& chunk);
  void take_largest_scales(Chunk& chunk) const;
  void encode(const Tensor& tensor, const ReduceCall& call, const Chunk& chunk);
  void reduce_share(const Chunk& chunk, std::uint64_t first_element);
  std::size_t decode(const Tensor& tensor, const ReduceCall& call, const Chunk& chunk);

  /// The chunk's inputs as float32, with what error feedback adds.
  std::span<const float> inputs_of(const Tensor& tensor, const ReduceCall& call, const Chunk& chunk);
  /// Calls `work(begin, count)` for parts of the chunk, whole blocks that start on whole bytes, on all threads.
  void in_parts(const Chunk& chunk, const std::function<void(std::size_t begin, std::size_t count)>& work) const;
  std::span<const std::uint16_t> scales_of(const Chunk& chunk, std::size_t begin, std::size_t count) const;
  std::span<std::uint8_t> packed_part(std::vector<std::uint8_t>& packed, std::size_t begin, std::size_t count) const;

  Transport& transport_;
  const InNetwork& network_;
  InNetworkOptions options_;

  // Kept between calls, so that a training step allocates nothing.
  std::array<Chunk, 3> under_way_;                  // chunk c is at c % 3 while its stages last
  std::vector<float> inputs_, outputs_;             // [chunk] where the tensor's own memory does not do
  std::vector<std::uint8_t> packed_;                // this rank's elements of the chunk
  std::vector<std::uint8_t> reduced_;               // the result's
  std::vector<std::vector<std::uint8_t>> arrived_;  // [rank]: that rank's elements, this rank's share of the chunk
  Terms terms_{};                                   // this rank's
  std::vector<Terms> terms_of_;                     // [rank]
  std::vector<Outgoing> sent_;
  std::vector<Incoming> received_;
};

}  // namespace optinc::collective
