// All-reduce of tensors over the ranks of a transport: what every algorithm takes and gives.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "optinc/codec/element_type.h"

namespace optinc::collective {

/// sum: N times the average, one IEEE multiplication in float32. (The optics average; electrical algorithms sum, and
/// divide the sum by N once.)
enum class ReduceOp { sum, average };

/// "sum", "avg".
std::string to_string(ReduceOp op);
/// The inverse. Throws base::InputError with the names that exist.
ReduceOp parse_reduce_op(std::string_view name);

/// One rank's elements. `output` is the memory of `input`, or apart from it.
struct Tensor {
  codec::ElementType type = codec::ElementType::float32;
  std::size_t count = 0;
  const std::byte* input = nullptr;  ///< [count] elements
  std::byte* output = nullptr;       ///< [count] elements

  std::size_t element_bytes() const { return codec::element_bytes(type); }
  std::size_t bytes() const { return count * element_bytes(); }
  bool in_place() const { return input == output; }
};

struct ReduceCall {
  ReduceOp op = ReduceOp::average;
  /// The place of element 0 in the random streams; use step * length, so that a resumed run draws what the unbroken one
  /// would have drawn. Algorithms without random bits ignore it.
  std::uint64_t first_element = 0;
  /// Error feedback: empty, or [count] of this rank's own, zeros at first. What quantising left over the last time is
  /// added to the input, and what it leaves over this time is put here. Algorithms that do not quantise ignore it.
  std::span<float> residual = {};
  std::uint64_t number = 0;  ///< what errors call this call; 0: as many as this object has been called
};

struct AllReduceStats {
  std::uint64_t payload_bytes = 0;  ///< elements times their size
  /// Bytes that this rank's network port sends in the modelled system: for a ring its messages, for OptINC the packed
  /// symbols and the scale codes, once. (What the simulation of the device itself moves between ranks is not in it.)
  std::uint64_t wire_bytes = 0;
  int rounds = 0;                     ///< messages, one after the other, that the result waits for in that system
  std::size_t non_finite_blocks = 0;  ///< blocks that are NaN at every rank now
  int servers = 0;                    ///< whose tensors are in the result
  bool fell_back = false;             ///< the electrical ring took the place of the optics (ResilientAllReduce)
  double quantise_seconds = 0;        ///< of this rank: scales, quantise and pack, unpack and dequantise
  double emulate_seconds = 0;         ///< of this rank: what stands for its share of the device's work
};

class AllReduce {
 public:
  virtual ~AllReduce() = default;
  /// "optinc", "ring", ...
  virtual std::string name() const = 0;

  /// tensor.output becomes the sum or average of all ranks' inputs: the same bits at every rank, over every transport,
  /// in every run. All ranks call it together, with the same type, count, op and first_element. Throws TransportError
  /// when a peer fails or a deadline passes: which message it was, the number of this call and how far it got. What is
  /// in the output then is unspecified.
  AllReduceStats all_reduce(const Tensor& tensor, const ReduceCall& call);

  /// The average of float32 values, in place.
  AllReduceStats average(std::span<float> values, std::uint64_t first_element);

 protected:
  virtual AllReduceStats run(const Tensor& tensor, const ReduceCall& call) = 0;
  /// For errors: so many bytes of this call's output are final.
  void report_done(std::size_t bytes) { done_bytes_ = bytes; }

 private:
  std::uint64_t calls_ = 0;
  std::size_t done_bytes_ = 0;
};

}  // namespace optinc::collective
