#include "optinc/collective/element_arithmetic.h"

#include <algorithm>
#include <array>

namespace optinc::collective {
namespace {

constexpr std::size_t kTile = 1024;

/// Calls `change(i, count)` for tiles of elements i .. i + count - 1.
template <typename Change>
void in_tiles(std::size_t elements, const Change& change) {
  for (std::size_t i = 0; i < elements; i += kTile) change(i, std::min(kTile, elements - i));
}

}  // namespace

void add_elements(codec::ElementType type, std::span<std::byte> sums, std::span<const std::byte> addends) {
  const std::size_t size = codec::element_bytes(type);
  in_tiles(sums.size() / size, [&](std::size_t i, std::size_t count) {
    std::array<float, kTile> a, b;
    codec::to_float(type, sums.data() + i * size, {a.data(), count});
    codec::to_float(type, addends.data() + i * size, {b.data(), count});
    for (std::size_t k = 0; k < count; ++k) a[k] += b[k];
    codec::from_float({a.data(), count}, type, codec::Overflow::to_infinity, sums.data() + i * size);
  });
}

void divide_elements(codec::ElementType type, std::span<std::byte> elements, float divisor) {
  const std::size_t size = codec::element_bytes(type);
  in_tiles(elements.size() / size, [&](std::size_t i, std::size_t count) {
    std::array<float, kTile> a;
    codec::to_float(type, elements.data() + i * size, {a.data(), count});
    for (std::size_t k = 0; k < count; ++k) a[k] /= divisor;
    codec::from_float({a.data(), count}, type, codec::Overflow::to_infinity, elements.data() + i * size);
  });
}

}  // namespace optinc::collective
