// Error feedback for tensors that come again: what quantising left over of each, the last time.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <tuple>
#include <vector>

#include <ATen/core/Tensor.h>

namespace optinc::backend {

/// A residual belongs to the memory of a tensor (its storage, the place in it and the length), and ends with it. So
/// DDP's buckets keep theirs from step to step, and a bucket that is built anew starts at zero: which tensors meet a
/// residual does not depend on where an allocator puts them.
class Residuals {
 public:
  /// [tensor.numel()] of that tensor, zeros at first.
  std::span<float> of(const at::Tensor& tensor);

 private:
  using Place = std::tuple<const void*, std::int64_t, std::int64_t>;  // storage, offset, length
  struct Residual {
    // Weak: its memory is free to go, but while this is here no other storage gets its address.
    c10::weak_intrusive_ptr<c10::StorageImpl> storage;
    std::vector<float> values;
  };
  std::map<Place, Residual> residuals_;
};

}  // namespace optinc::backend
