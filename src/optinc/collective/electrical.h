// What the electrical algorithms share.
#pragma once

#include <cstddef>
#include <span>

#include "optinc/collective/electrical_all_reduce.h"
#include "optinc/collective/ring.h"

namespace optinc::collective::electrical {

/// Throws base::InputError for segments of less than 4 bytes.
void check(const ElectricalOptions& options);
/// The segment in whole elements, in bytes.
std::size_t segment_of(const ElectricalOptions& options, const Tensor& tensor);
/// The output's bytes, with the input in them.
std::span<std::byte> copy_to_output(const Tensor& tensor);
/// own += arrived, in the tensor's type.
Combine adding(const Tensor& tensor);
/// Divides a part of the sum by `ranks` where the average is asked for.
void finish_sum(const Tensor& tensor, const ReduceCall& call, int ranks, std::span<std::byte> part);

}  // namespace optinc::collective::electrical
