// What the ranks of a training run tell each other beside gradients: small things, by way of rank 0.
#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <vector>

#include "optinc/collective/transport.h"

namespace optinc::workload {

/// Runs `work` at rank 0 only; all ranks return when it is done. A base::InputError that it throws is thrown at every
/// rank, so that all of them can say what is wrong with the input. `work` should be done well before the transport's
/// deadline.
void at_rank_0(collective::Transport& transport, const std::function<void()>& work);

/// Replaces `bytes` by rank 0's; the same length at every rank.
void broadcast(collective::Transport& transport, std::span<std::byte> bytes);

/// Replaces `values` by rank 0's, length included.
template <typename T>
void broadcast(collective::Transport& transport, std::vector<T>& values) {
  std::size_t size = values.size();
  broadcast(transport, std::as_writable_bytes(std::span(&size, 1)));
  values.resize(size);
  broadcast(transport, std::as_writable_bytes(std::span(values)));
}

/// Rank 0 gets every rank's `values`, the same length at all, in the order of ranks; the others get nothing.
std::vector<std::vector<float>> gather(collective::Transport& transport, std::span<const float> values);

/// The inverse: rank r gets all[r] of rank 0 in `values`.
void scatter(collective::Transport& transport, std::span<const std::vector<float>> all, std::span<float> values);

/// Replaces each of `values` by its sum over the ranks, added in the order of the ranks: the same bits at every rank.
void sum_over_ranks(collective::Transport& transport, std::span<double> values);

}  // namespace optinc::workload
