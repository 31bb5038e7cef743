#include "optinc/backend/residuals.h"

#include <utility>

namespace optinc::backend {

std::span<float> Residuals::of(const at::Tensor& tensor) {
  const Place place{tensor.storage().unsafeGetStorageImpl(), tensor.storage_offset(), tensor.numel()};
  auto found = residuals_.find(place);
  if (found == residuals_.end()) {
    std::erase_if(residuals_, [](const auto& entry) { return entry.second.storage.expired(); });
    Residual fresh{tensor.storage().getWeakStorageImpl(), std::vector<float>(tensor.numel())};
    found = residuals_.emplace(place, std::move(fresh)).first;
  }
  return found->second.values;
}

}  // namespace optinc::backend
