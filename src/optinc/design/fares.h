// How every possible input fared when training last saw it, in two bits each.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace optinc::design {

/// How a sample fared, its errors in steps of the output (1 level; 1/N at symbol M of a cascade's level 1): `quiet`,
/// every output within the loss's margin; `loud`, one beyond it; `wrong`, one that the receiver gets wrong (1/2 a step
/// or more).
enum class Fare : std::uint8_t { quiet, loud, wrong };

class Fares {
 public:
  /// All wrong.
  explicit Fares(std::size_t size) : size_(size), packed_((size + 3) / 4, 0b10'10'10'10) {
    counts_[static_cast<int>(Fare::wrong)] = size;
  }

  std::size_t size() const { return size_; }
  Fare get(std::size_t index) const { return static_cast<Fare>(packed_[index / 4] >> (2 * (index % 4)) & 3u); }
  void set(std::size_t index, Fare fare) {
    --counts_[static_cast<int>(get(index))];
    ++counts_[static_cast<int>(fare)];
    const auto shift = static_cast<int>(2 * (index % 4));
    std::uint8_t& byte = packed_[index / 4];
    byte = static_cast<std::uint8_t>((byte & ~(3 << shift)) | static_cast<int>(fare) << shift);
  }
  std::size_t count(Fare fare) const { return counts_[static_cast<int>(fare)]; }

  /// Four to a byte, the first in the lowest bits: for checkpoints.
  const std::vector<std::uint8_t>& packed() const { return packed_; }
  /// Throws base::InputError unless there is one valid fare for each input.
  void unpack(std::vector<std::uint8_t> packed);

 private:
  std::size_t size_;
  std::vector<std::uint8_t> packed_;
  std::array<std::size_t, 4> counts_{};
};

}  // namespace optinc::design
