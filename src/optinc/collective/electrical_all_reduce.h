// The baselines: all-reduce by electrical messages between the ranks, in the tensor's own type (doc/collective.md).
//
// All of them sum in float32, round to the type after every addition, and divide once where the average is asked for.
// Each part of the tensor is summed by one rank, in an order that the ranks' numbers fix, and copied by the others: the
// same bits at every rank. NaN and Inf spread as IEEE addition has it. With `transport` they must not outlive it.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "optinc/collective/all_reduce.h"
#include "optinc/collective/transport.h"

namespace optinc::collective {

struct ElectricalOptions {
  std::size_t segment_bytes = std::size_t{1} << 20;  ///< longest message whose contents are added; >= 4
};

/// Part r is summed in the order of ranks r + 1, r + 2, ..., r (mod N) while it goes round, then goes round again.
/// 2 (N - 1) rounds, 2 S (N - 1) / N bytes a port.
class RingAllReduce : public AllReduce {
 public:
  /// Throws base::InputError for segments of less than 4 bytes.
  explicit RingAllReduce(Transport& transport, const ElectricalOptions& options = {});
  std::string name() const override { return "ring"; }

 private:
  AllReduceStats run(const Tensor& tensor, const ReduceCall& call) override;

  Transport& transport_;
  ElectricalOptions options_;
  std::vector<std::byte> scratch_;
};

/// Rabenseifner's: reduce-scatter by halving the distance and the data, all-gather by doubling them. 2 log2(N) rounds,
/// as many bytes as a ring. Where N is no power of two, the ranks too many (N - P) hand their tensors to a neighbour
/// first and get the result from it. Source: R. Thakur, R. Rabenseifner, W. Gropp, "Optimization of collective
/// communication operations in MPICH", 2005.
class RabenseifnerAllReduce : public AllReduce {
 public:
  explicit RabenseifnerAllReduce(Transport& transport, const ElectricalOptions& options = {});
  std::string name() const override { return "rabenseifner"; }

 private:
  AllReduceStats run(const Tensor& tensor, const ReduceCall& call) override;

  Transport& transport_;
  ElectricalOptions options_;
  std::vector<std::byte> scratch_;
};

/// Up a binomial tree to rank 0 and down again, segment by segment. 2 ceil(log2 N) rounds; the root receives and sends
/// S a child.
class TreeAllReduce : public AllReduce {
 public:
  explicit TreeAllReduce(Transport& transport, const ElectricalOptions& options = {});
  std::string name() const override { return "tree"; }

 private:
  AllReduceStats run(const Tensor& tensor, const ReduceCall& call) override;

  Transport& transport_;
  ElectricalOptions options_;
  std::vector<std::byte> scratch_;
};

enum class Electrical { ring, rabenseifner, tree };
inline constexpr Electrical kElectrical[] = {Electrical::ring, Electrical::rabenseifner, Electrical::tree};

/// "ring", "rabenseifner", "tree".
std::string to_string(Electrical algorithm);

std::unique_ptr<AllReduce> make_all_reduce(Electrical algorithm, Transport& transport,
                                           const ElectricalOptions& options = {});

}  // namespace optinc::collective
