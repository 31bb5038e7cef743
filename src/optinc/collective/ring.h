// The two halves of a ring all-reduce: every rank sends to the next rank and receives from the one before, so that all
// ports are busy in every round.
#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <vector>

#include "optinc/collective/parts.h"
#include "optinc/collective/transport.h"

namespace optinc::collective {

/// own += arrived, for elements of some type; as many bytes of each.
using Combine = std::function<void(std::span<std::byte> own, std::span<const std::byte> arrived)>;

/// Every rank holds values [n bytes]; afterwards part r of rank r's values is the reduction over all ranks, in the
/// order of the ring, and the rest of its values is unspecified. Long parts go in segments of `segment` bytes (whole
/// elements), so that what arrives is combined while it is in the cache and `scratch` stays that small.
void ring_reduce_scatter(Transport& transport, const Parts& parts, std::size_t segment, std::span<std::byte> values,
                         const Combine& combine, std::vector<std::byte>& scratch);

/// Part r of rank r's values goes to all ranks; afterwards all hold all parts.
void ring_all_gather(Transport& transport, const Parts& parts, std::span<std::byte> values);

}  // namespace optinc::collective
