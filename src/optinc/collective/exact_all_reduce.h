// The average in double: what every other all-reduce is compared with.
#pragma once

#include <vector>

#include "optinc/collective/all_reduce.h"
#include "optinc/collective/transport.h"

namespace optinc::collective {

/// Element by element the sum in double in the order of ranks, divided once where the average is asked for, and then
/// rounded to float32 (and from there to a half type). Each rank sums one part and sends it to all: 2 rounds, as many
/// bytes as a ring. NaN and Inf spread as IEEE addition has it.
class ExactAllReduce : public AllReduce {
 public:
  /// `transport` must live as long as this.
  explicit ExactAllReduce(Transport& transport) : transport_(transport) {}
  std::string name() const override { return "exact"; }

 private:
  AllReduceStats run(const Tensor& tensor, const ReduceCall& call) override;

  Transport& transport_;
  std::vector<std::vector<std::byte>> arrived_;  // [rank]: that rank's elements of this rank's part
  std::vector<double> sums_;
  std::vector<float> values_;
};

}  // namespace optinc::collective
