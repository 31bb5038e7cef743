// The arithmetic of electrical all-reduce: elements of any type, worked on as float32 and rounded to their type once an
// operation.
#pragma once

#include <cstddef>
#include <span>

#include "optinc/codec/element_type.h"

namespace optinc::collective {

/// sums[i] += addends[i]. Whole elements, as many of each.
void add_elements(codec::ElementType type, std::span<std::byte> sums, std::span<const std::byte> addends);

/// elements[i] /= divisor.
void divide_elements(codec::ElementType type, std::span<std::byte> elements, float divisor);

}  // namespace optinc::collective
