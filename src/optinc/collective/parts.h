// How a tensor is shared out over ranks.
#pragma once

#include <algorithm>
#include <cstddef>
#include <span>
#include <vector>

namespace optinc::collective {

/// Rank r owns [begin(r), end(r)).
class Parts {
 public:
  /// [0, count) in one part a rank, of whole grains (the last grain may be short), as even as grains allow.
  Parts(std::size_t count, int ranks, std::size_t grain) : offsets_(ranks + 1) {
    const std::size_t grains = count / grain + (count % grain != 0);
    const std::size_t least = grains / ranks, more = grains % ranks;
    for (int rank = 1; rank <= ranks; ++rank) {
      const std::size_t grains_before = least * rank + std::min<std::size_t>(rank, more);
      offsets_[rank] = grains_before == grains ? count : grains_before * grain;
    }
  }

  std::size_t begin(int rank) const { return offsets_[rank]; }
  std::size_t end(int rank) const { return offsets_[rank + 1]; }
  std::size_t size(int rank) const { return end(rank) - begin(rank); }

  template <typename T>
  std::span<T> of(std::span<T> values, int rank) const {
    return values.subspan(begin(rank), size(rank));
  }

 private:
  std::vector<std::size_t> offsets_;
};

}  // namespace optinc::collective
